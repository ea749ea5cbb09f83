import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import type { PredictionRecord, Variant } from "../prediction.ts";
import type { RecordHead } from "../segment.ts";

/** Which predictions. Everything left out does not matter. */
export interface LogQuery {
  readonly model: string;
  /** Event time, milliseconds since 1970: `from` is included, `to` is not. */
  readonly from: number;
  readonly to: number;
  /** Only what callers sent from then on, whatever its event time: milliseconds since 1970. */
  readonly arrivedFrom?: number | undefined;
  readonly version?: Digest | undefined;
  /** `champion` when left out. Records of `shadow` have no inputs: join them with the champion's by id. */
  readonly variant?: Variant | readonly Variant[] | undefined;
  readonly id?: string | undefined;
  /** The entity: the row's key. */
  readonly key?: string | undefined;
  /** What the model leaned to. */
  readonly label?: string | undefined;
  readonly abstained?: boolean | undefined;
  /** Only predictions of which is known what really happened. */
  readonly withFeedback?: boolean | undefined;
  /** Only those whose truth is of this time (`at` of the feedback, milliseconds since 1970, `to` excluded): costs what they cost. */
  readonly truthWithin?: { readonly from: number; readonly to: number } | undefined;
}

export interface LoggedPrediction extends PredictionRecord {
  /** What really happened; undefined while nobody knows. `at` in milliseconds since 1970. */
  readonly truth: { readonly label: string | number; readonly at: number } | undefined;
}

export const VARIANTS: readonly Variant[] = [
  "champion",
  "requested",
  "canary",
  "arm",
  "fallback",
  "shadow",
];

/** Those that answer callers. */
export const ANSWERING: readonly Variant[] = VARIANTS.filter((variant) => variant !== "shadow");

export function matcherOf(query: LogQuery): (head: RecordHead) => boolean {
  const { model, from, to, arrivedFrom, version, id, key, label, abstained } = query;
  const variants = new Set([query.variant ?? "champion"].flat());
  return (head) =>
    head.model === model &&
    head.eventTime >= from &&
    head.eventTime < to &&
    (arrivedFrom === undefined || head.at >= arrivedFrom) &&
    variants.has(head.variant) &&
    (version === undefined || head.version === version) &&
    (id === undefined || head.id === id) &&
    (key === undefined || head.key === key) &&
    (label === undefined || head.label === label) &&
    (abstained === undefined || (head.abstained ?? false) === abstained);
}

/** As far as the truth goes. */
export const isTruthWanted = (
  { withFeedback, truthWithin }: LogQuery,
  { truth }: Pick<LoggedPrediction, "truth">,
): boolean =>
  (!withFeedback || truth !== undefined) &&
  (truthWithin === undefined ||
    (truth !== undefined && truth.at >= truthWithin.from && truth.at < truthWithin.to));

/** Few rows of many are wanted: worth looking at the narrow columns first. */
export const isSelective = (query: LogQuery): boolean =>
  [query.id, query.key, query.label, query.abstained, query.version, query.truthWithin].some(
    (wish) => wish !== undefined,
  );

export type Order = "newest" | "oldest";

type Place = Pick<PredictionRecord, "eventTime" | "id" | "variant">;

/** By event time, then id; of one id, what answered before what ran beside it. */
export const inOrder =
  (order: Order) =>
  (a: Place, b: Place): number => {
    const up =
      a.eventTime - b.eventTime || (a.id < b.id ? -1 : a.id > b.id ? 1 : rank(a) - rank(b));
    return order === "oldest" ? up : -up;
  };

const rank = ({ variant }: Place): number => VARIANTS.indexOf(variant);

/** Where a page ended. */
export const cursorOf = ({ eventTime, id, variant }: Place): string =>
  `${eventTime}~${id}~${variant}`;

/** Throws `invalid_input` when it is none of ours. */
export function placeOf(cursor: string): Place {
  const [eventTime, id, variant] = cursor.split("~");
  const known = VARIANTS.find((name) => name === variant);
  if (!eventTime || !id || !known || !Number.isFinite(Number(eventTime)))
    throw new MillwrightError(
      "invalid_input",
      `cursor: ${JSON.stringify(cursor.slice(0, 120))} should be the "next" of the page before.`,
    );
  return { eventTime: Number(eventTime), id, variant: known };
}
