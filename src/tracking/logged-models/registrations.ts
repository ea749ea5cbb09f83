/** The tag in which a logged model's registered versions stand: a JSON list of `Registration`. */
export const VERSIONS_TAG = "mlflow.modelVersions";

export interface Registration {
  readonly name: string;
  /** MLflow's server writes a number, its client a text. */
  readonly version: number | string;
}

/** What a client wrote there and is no list is none. */
export function registrationsIn(text: string | undefined): readonly Registration[] {
  return listIn(text ?? "[]") ?? [];
}

/**
 * Each version once. MLflow's client adds the version that it registered to the list, although the server has done so before.
 * What is no list of them stays as it is.
 */
export function eachOnce(text: string): string {
  const list = listIn(text);
  if (list === undefined) return text;
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

function listIn(text: string): readonly Registration[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    const isOne = (one: unknown) => typeof one === "object" && one !== null && "name" in one;
    return Array.isArray(list) && list.every(isOne) ? (list as Registration[]) : undefined;
  } catch {
    return undefined;
  }
}
