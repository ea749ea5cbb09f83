/** What the last windows said about each feature: one window may be chance, two of three are not. */
export interface Persistence {
  /** Newest last; at most three. */
  readonly recent: Readonly<Record<string, readonly boolean[]>>;
}

export const NO_HISTORY: Persistence = { recent: {} };

const LOOK_BACK = 3;
const NEEDED = 2;

/** Adds one window: features found drifted or not. Features without a claim in this window (not enough data) keep their history. */
export function addWindow(
  state: Persistence,
  drifted: Readonly<Record<string, boolean>>,
): Persistence {
  const added = Object.entries(drifted).map(
    ([feature, is]) => [feature, [...(state.recent[feature] ?? []), is].slice(-LOOK_BACK)] as const,
  );
  return { recent: { ...state.recent, ...Object.fromEntries(added) } };
}

/** Features that drifted in at least two of their last three windows, the newest among them. */
export const persistent = (state: Persistence): readonly string[] =>
  Object.entries(state.recent)
    .filter(([, recent]) => recent.at(-1) === true && recent.filter(Boolean).length >= NEEDED)
    .map(([feature]) => feature);
