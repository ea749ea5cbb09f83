/** The tag in which a logged model's registered versions stand: a JSON list of `Registration`. */
export const VERSIONS_TAG = "mlflow.modelVersions";

export interface Registration {
  readonly name: string;
  /** MLflow's server writes a number, its client a text. */
  readonly version: number | string;
}

/** Anybody may have written anything there: what is no registration is left out. */
export function registrationsIn(text = "[]"): readonly Registration[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter(isRegistration) : [];
  } catch {
    return [];
  }
}

const isRegistration = (one: Partial<Registration> | null): one is Registration =>
  typeof one?.name === "string" && ["string", "number"].includes(typeof one.version);

/**
 * Each version once. MLflow's client adds the version that it registered to the list, although the server has done so before.
 * What names none twice stays as it is.
 */
export function eachOnce(text: string): string {
  const list = registrationsIn(text);
  const once = new Map<string, Registration>();
  for (const one of list) {
    const key = `${one.name}/${one.version}`;
    if (!once.has(key)) once.set(key, one);
  }
  return once.size === list.length ? text : listText([...once.values()]);
}

/** With the spaces that Python writes. */
export const listText = (list: readonly Registration[]): string =>
  `[${list.map((one) => `{${Object.entries(one).map(pairText).join(", ")}}`).join(", ")}]`;

const pairText = ([key, value]: [string, unknown]): string =>
  `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
