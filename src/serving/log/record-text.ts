import type { LogRecord, PredictionRecord } from "../prediction.ts";

/**
 * A record as a line of the journal: what `JSON.stringify` writes, in a quarter of the time, since most of a record is the same from
 * request to request and its inputs are there as text already. `record-text.test.ts` holds the two together.
 *
 * @param inputs JSON text of `record.inputs`, without line breaks; made here when left out.
 */
export function recordText(record: LogRecord, inputs?: string): string {
  if (record.kind === "feedback") return JSON.stringify(record);
  const { id, at, eventTime, key, output, label, abstained, latencyMs } = record;
  let text = `{"kind":"prediction","id":${JSON.stringify(id)},${whoText(record)},"at":${at},"eventTime":${eventTime}`;
  if (key !== undefined) text += `,"key":${JSON.stringify(key)}`;
  text += `,"inputs":${inputs ?? JSON.stringify(record.inputs)},"output":${numbersText(output)}`;
  text += `,"label":${typeof label === "number" ? numberText(label) : JSON.stringify(label)}`;
  if (abstained !== undefined) text += `,"abstained":${abstained}`;
  return `${text},"latencyMs":${latencyMs}}`;
}

type Who = Pick<PredictionRecord, "model" | "version" | "variant">;

/** Who answered whom, as it was last written: records of one moment are mostly about the same. */
let last: Who = { model: "", version: "sha256:", variant: "champion" };
let lastText = "";

function whoText({ model, version, variant }: Who): string {
  if (model !== last.model || version !== last.version || variant !== last.variant) {
    last = { model, version, variant };
    lastText = `"model":${JSON.stringify(model)},"version":${JSON.stringify(version)},"variant":${JSON.stringify(variant)}`;
  }
  return lastText;
}

function numbersText(numbers: readonly number[]): string {
  if (numbers.length === 1) return `[${numberText(numbers[0]!)}]`;
  return JSON.stringify(numbers);
}

/** JSON has no infinity and no NaN. */
const numberText = (value: number): string => (Number.isFinite(value) ? `${value}` : "null");
