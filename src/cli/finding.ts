/** One thing `doctor` has looked at. `skip`: there was nothing to look at. */
export interface Finding {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail" | "skip";
  /** What was seen. */
  readonly message: string;
  /** What to do; absent when nothing has to be done. */
  readonly fix?: string | undefined;
}

/** A check that breaks is itself a finding. */
export async function finding(
  name: string,
  fix: string,
  look: () => Promise<Omit<Finding, "name">>,
): Promise<Finding> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    return {
      name,
      state: "fail",
      message: wordsOf(error),
      fix,
    };
  }
}

/** Without the advice to run the very command that is running. */
const wordsOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(
    / Check that PostgreSQL runs \('millwright doctor'\), then try again\.$/,
    "",
  );
