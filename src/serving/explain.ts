import { MillwrightError } from "../errors.ts";
import { explainRows } from "../explanation/explain-rows.ts";
import type { Explainer } from "../explanation/explainer.ts";
import type { Explanation } from "../explanation/explanation.ts";
import type { Digest } from "../lib/digest.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { RoutedVersion } from "./route.ts";
import type { RawRow } from "./rows.ts";

/** Rows of one request that are explained: some hundred milliseconds of work at most, cut into pieces. */
export const MOST_EXPLAINED = 100;

/**
 * Why a version says what it says about rows that it can read. Throws `invalid_input` for too many rows, `unsupported` for a
 * model whose outputs have no known meaning.
 */
export async function explain(
  deps: {
    readonly explainers: Sessions<Explainer>;
    /** Lets other requests go on. */
    breathe(): Promise<void>;
  },
  input: { readonly version: RoutedVersion; readonly rows: readonly RawRow[] },
): Promise<Explanation[]> {
  const { version, rows } = input;
  if (rows.length > MOST_EXPLAINED)
    throw new MillwrightError(
      "invalid_input",
      `explain: ${rows.length} rows were sent and at most ${MOST_EXPLAINED} of one request are explained. Send them in parts, or ask without it and explain the rows that matter.`,
    );
  return deps.explainers.use(explainerKey(version), ({ about: explainer }) =>
    explainRows(deps, { explainer, rows }),
  );
}

/** A name for the explainer of a version, for a shelf of them. */
export const explainerKey = ({ onnx, background }: RoutedVersion): Digest =>
  `${onnx}/${background ?? ""}`;

export function explainedBy(key: Digest): { onnx: Digest; background: Digest | undefined } {
  const [onnx, background] = key.split("/");
  return { onnx: onnx as Digest, background: background ? (background as Digest) : undefined };
}
