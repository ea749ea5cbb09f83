import type { Signature } from "../onnx/signature.ts";
import { parseTime } from "../table/time.ts";
import type { FeedbackRecord } from "./prediction.ts";

/** What a caller says about one prediction, unchecked. */
export interface GivenFeedback {
  readonly id: string;
  readonly label: string | number | boolean;
  /** When it became known: ISO 8601 or milliseconds since 1970; now when left out. */
  readonly at?: string | number | undefined;
}

const PREDICTION_ID = /^pred_[0-9a-hjkmnp-tv-z]{22}$/;

/** Feedback in the model's own words: classes as the model names them, numbers as numbers. */
export function readFeedback(
  signature: Signature,
  model: string,
  given: readonly GivenFeedback[],
  now: number,
): { readonly records: FeedbackRecord[]; readonly problems: string[] } {
  const problems: string[] = [];
  const records: FeedbackRecord[] = [];
  given.forEach(({ id, label, at }, i) => {
    const before = problems.length;
    if (!PREDICTION_ID.test(id))
      problems.push(`feedback ${i}, id: ${quoted(id)} should be the id of a prediction (pred_…)`);
    const known = labelIn(signature, label);
    if (known === undefined)
      problems.push(`feedback ${i}, label: ${quoted(label)} should be ${expectedLabel(signature)}`);
    const when = at === undefined ? now : millisecondsOf(at);
    if (Number.isNaN(when))
      problems.push(
        `feedback ${i}, at: ${quoted(at)} should be ISO 8601 text or milliseconds since 1970`,
      );
    if (problems.length === before) records.push({ id, model, at: when, label: known! });
  });
  return { records, problems };
}

/** undefined when it cannot be a label of this model. */
function labelIn(
  signature: Signature,
  label: string | number | boolean,
): string | number | undefined {
  if (signature.task !== "regression")
    return signature.classes.find((name) => name === String(label));
  if (typeof label === "boolean" || label === "") return undefined;
  const value = Number(label);
  return Number.isFinite(value) ? value : undefined;
}

function expectedLabel({ task, classes }: Signature): string {
  if (task === "regression") return "a number";
  const shown = classes.slice(0, 20).map((name) => JSON.stringify(name));
  return `one of ${shown.join(", ")}${classes.length > 20 ? " …" : ""}`;
}

function millisecondsOf(at: string | number): number {
  if (typeof at === "number") return Number.isFinite(at) ? at : Number.NaN;
  return Math.round(parseTime(at) * 1000);
}

const quoted = (value: unknown): string => JSON.stringify(value)?.slice(0, 120) ?? "nothing";
