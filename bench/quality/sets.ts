import type { ModelDefinition } from "../../src/pipelines/project.ts";
import { type Cells, foldOneHot, sortedBy } from "./cells.ts";

/** One dataset, the splits its baseline was measured on, and that baseline. */
export interface TestSet {
  readonly name: string;
  /** Relative to the folder of datasets. Training file; `test`: where the test is a file of its own. */
  readonly file: string;
  readonly test?: string;
  readonly delimiter?: string;
  /** Names of the columns, where the file has none. */
  readonly header?: readonly string[];
  readonly target: string;
  /** Rows and columns as the baseline had them; undefined = as they are in the file. */
  prepare?(cells: Cells): Cells;
  readonly split: Split;
  /** First the one that decides. `better`: by how much (absolute) or what share (relative) ours may fall short. */
  readonly metrics: readonly Measure[];
  readonly peer: Peer;
  /** What a person would have written by hand; everything else is inferred. */
  readonly model?: Partial<ModelDefinition>;
  /** Also taken through the commands, as the file is or as `prepare` makes it. */
  readonly newcomer?: "as it is" | "prepared";
}

export type Split =
  | { readonly kind: "folds"; readonly k: number }
  | { readonly kind: "file" }
  /** Training = the rows before which `border` holds false. */
  | { readonly kind: "border"; readonly words: string; isTest(row: Row, at: number): boolean };

type Row = (column: string) => string;

export interface Measure {
  readonly metric: "auc" | "accuracy" | "macro_f1" | "f1" | "average_precision" | "mae" | "r2";
  /** From baselines.json, beside the datasets. */
  readonly quoted: number | undefined;
  /** How far ours may fall behind the peer; undefined: shown only. */
  readonly allowed?: { readonly by: number; readonly as: "points" | "share" };
}

export interface Peer {
  readonly kind: "lightgbm" | "tfidf";
  /** Columns it does not get: ids, and those that know the answer. */
  readonly without: readonly string[];
  /** `tfidf`: texts and categories. */
  readonly texts?: readonly string[];
  readonly categories?: readonly string[];
}

const POINT = { by: 0.01, as: "points" } as const;
const TWO_PERCENT = { by: 0.02, as: "share" } as const;

const hotel = {
  file: "crm/hotel_bookings.csv.gz",
  target: "is_canceled",
  peer: {
    kind: "lightgbm",
    without: ["reservation_status", "reservation_status_date"],
  },
} as const;

const mail = {
  file: "text/spamassassin_mail.csv.gz",
  target: "label",
  prepare: (cells: Cells) => ({
    ...cells,
    rows: cells.rows.filter((row) => row[cells.names.indexOf("received_at")] !== ""),
  }),
  peer: {
    kind: "tfidf",
    without: [],
    texts: ["subject"],
    categories: ["sender_domain"],
  },
  model: {
    onlyListed: true,
    features: { subject: { role: "text" }, sender_domain: { role: "category" } },
  },
} as const;

const mailBefore = (
  day: string,
  auc: number,
  ap: number,
  more: Partial<TestSet> = {},
): TestSet => ({
  ...mail,
  ...more,
  name: `spamassassin, from ${day}`,
  split: {
    kind: "border",
    words: `mails received from ${day} on are the test`,
    isTest: (row) => row("received_at") >= day,
  },
  metrics: [
    { metric: "auc", quoted: auc, allowed: POINT },
    { metric: "average_precision", quoted: ap },
  ],
});

export const SETS: readonly TestSet[] = [
  {
    name: "telco churn",
    newcomer: "as it is",
    file: "crm/telco_churn.csv",
    target: "Churn",
    split: { kind: "folds", k: 5 },
    metrics: [
      { metric: "auc", quoted: 0.8361, allowed: POINT },
      { metric: "average_precision", quoted: 0.6408 },
    ],
    peer: { kind: "lightgbm", without: ["customerID"] },
  },
  {
    name: "german credit",
    newcomer: "as it is",
    file: "fairness/german_credit.csv",
    target: "credit_risk",
    split: { kind: "folds", k: 5 },
    metrics: [
      { metric: "auc", quoted: 0.769, allowed: POINT },
      { metric: "average_precision", quoted: 0.5935 },
    ],
    peer: { kind: "lightgbm", without: [] },
  },
  {
    name: "adult",
    newcomer: "as it is",
    file: "fairness/adult_train.csv.gz",
    test: "fairness/adult_test.csv.gz",
    target: "income",
    split: { kind: "file" },
    metrics: [
      { metric: "auc", quoted: 0.9279, allowed: POINT },
      { metric: "accuracy", quoted: 0.8721, allowed: TWO_PERCENT },
    ],
    peer: { kind: "lightgbm", without: [] },
  },
  {
    ...hotel,
    name: "hotel bookings",
    newcomer: "as it is",
    // Three, where the baseline had five: a fit takes a while.
    split: { kind: "folds", k: 3 },
    metrics: [
      { metric: "auc", quoted: 0.9439, allowed: POINT },
      { metric: "average_precision", quoted: 0.9187 },
    ],
  },
  {
    ...hotel,
    name: "hotel bookings, later arrivals",
    prepare: (cells) => sortedBy(cells, arrival),
    split: {
      kind: "border",
      words: "the last 30 % of arrivals (from row 83,573) are the test",
      isTest: (_, at) => at >= 83_573,
    },
    metrics: [
      { metric: "auc", quoted: 0.8935, allowed: POINT },
      { metric: "average_precision", quoted: 0.8514 },
    ],
  },
  {
    name: "steel plates",
    newcomer: "prepared",
    file: "vision/steel_plates_faults.csv",
    target: "fault",
    prepare: (cells) => foldOneHot(cells, 7, "fault"),
    split: { kind: "folds", k: 5 },
    metrics: [
      { metric: "accuracy", quoted: 0.797, allowed: TWO_PERCENT },
      { metric: "macro_f1", quoted: 0.8237, allowed: TWO_PERCENT },
    ],
    peer: { kind: "lightgbm", without: [] },
  },
  {
    name: "bike, 2011 to 2012",
    newcomer: "as it is",
    file: "drift/bike_hour.csv",
    target: "cnt",
    split: {
      kind: "border",
      words: "the year 2012 is the test",
      isTest: (row) => row("yr") === "1",
    },
    metrics: [
      { metric: "mae", quoted: 89.6, allowed: TWO_PERCENT },
      { metric: "r2", quoted: 0.6425 },
    ],
    peer: { kind: "lightgbm", without: ["instant", "dteday", "casual", "registered"] },
  },
  {
    name: "SMS spam",
    newcomer: "as it is",
    file: "text/sms_spam.tsv",
    delimiter: "\t",
    header: ["label", "text"],
    target: "label",
    split: { kind: "folds", k: 5 },
    metrics: [
      { metric: "accuracy", quoted: 0.9865, allowed: TWO_PERCENT },
      { metric: "auc", quoted: 0.9927, allowed: POINT },
      { metric: "f1", quoted: 0.9479 },
    ],
    peer: { kind: "tfidf", without: [], texts: ["text"], categories: [] },
  },
  mailBefore("2002-08-15", 0.9431, 0.8039, { newcomer: "as it is" }),
  mailBefore("2002-09-01", 0.952, 0.833),
];

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
];

function arrival(row: Row): number {
  const [year, day] = ["arrival_date_year", "arrival_date_day_of_month"].map((n) => Number(row(n)));
  return year! * 10_000 + MONTHS.indexOf(row("arrival_date_month")) * 100 + day!;
}
