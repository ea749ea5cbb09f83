import type { Incident, Series } from "../../sdk/src/contract/shapes.ts";
import type { DatasetVersion } from "../../src/datasets/dataset-version.ts";
import type { ColumnSchema } from "../../src/datasets/schema.ts";
import { digestOf } from "../../src/lib/digest.ts";

const DAY = 86_400_000;

const column = (name: string, more: Partial<ColumnSchema>): ColumnSchema => ({
  name,
  type: "string",
  role: "category",
  reason: "14 distinct values in 4,838 rows",
  missing: 0.02,
  ...more,
});

/** Versions of the dataset `mail`, newest first; `travellers` is read without a flaw, `contracts` was never read. */
export function sampleDatasets(now: number): Readonly<Record<string, readonly DatasetVersion[]>> {
  const mail = (rows: number, at: number, clean: boolean): DatasetVersion => ({
    id: digestOf(`data phishing ${clean ? 1 : 2}`),
    dataset: "mail",
    rows,
    schema: {
      columns: [
        column("message_id", { role: "id", reason: "every value occurs once", missing: 0 }),
        column("received_at", {
          type: "time",
          role: "time",
          reason: "named as the time of the dataset: the split goes by it",
          range: { min: Date.UTC(2001, 5, 1), max: Date.UTC(2002, 11, 4) },
        }),
        column("subject", {
          role: "text",
          reason: "39 characters on average, 4,411 distinct values: words are counted",
          missing: 0.004,
        }),
        column("sender_domain", {
          domain: {
            values: ["yahoo.com", "hotmail.com", "linux.ie", "lists.example", "msn.com", "aol.com"],
            other: 0.12,
          },
        }),
        column("links", {
          type: "number",
          role: "numeric",
          reason: "whole numbers, 61 distinct values",
          range: { min: 0, max: 214 },
        }),
        column("quarantined_by", {
          role: "leak",
          reason: "alone it separates the classes with AUC 0.998: probably written after the fact",
        }),
        column("is_phishing", {
          role: "target",
          reason: "named as the target; 31.4 % phishing",
          domain: { values: ["ham", "phishing"], other: 0 },
          missing: 0,
        }),
      ],
    },
    data: digestOf(`parquet ${rows}`),
    profile: digestOf(`profile ${rows}`),
    anomalies: clean
      ? []
      : [
          {
            kind: "unseen_value",
            severity: "suspicious",
            column: "sender_domain",
            rows: 212,
            examples: ["freemail.example", "win-prizes.example"],
            message:
              "4.4 % of the rows have a sender_domain that the schema does not know; 12 % are allowed. Accept the values in the schema if they are here to stay.",
          },
          {
            kind: "missing",
            severity: "broken",
            column: "links",
            rows: 1310,
            examples: [],
            message:
              "27 % of links are missing, at most 2 % are expected. Was the export changed? Training stops until it is repaired or accepted.",
          },
        ],
    quarantine: clean ? undefined : { rows: 19, data: digestOf("quarantine") },
    lineage: {
      sources: [{ uri: "data/mail.csv.gz", digest: digestOf(`mail ${rows}`) }],
      parents: [],
    },
    createdAt: at,
  });
  return {
    mail: [mail(4838, now - 5_400_000, false), mail(4610, now - 7 * DAY, true)],
    travellers: [
      {
        ...mail(862, now - 2 * DAY, true),
        id: digestOf("data passengers 1"),
        dataset: "travellers",
      },
    ],
    contracts: [],
  };
}

export const sampleIncidents = (): Incident[] => [
  {
    id: "inc_01k9shock",
    model: "passengers",
    state: "open",
    openedAt: Date.UTC(2020, 2, 16),
    resolvedAt: null,
    title: "Travellers are far below anything the model was trained on",
    cause:
      "The world changed, not the data: volume, schema and missing values are as always, while the error grew 9-fold in three windows in a row.",
    loss: "Mean absolute error 1,310,000 travellers a day against 61,000 expected: the forecast is about 20 times worse than promised.",
    action:
      "Retraining on rows since 2020-03-09 has started; until it is judged, plan with last week's figures.",
    findings: [
      {
        kind: "performance",
        column: null,
        message: "mean absolute error 1.31 M, threshold 0.14 M, 3 of 3 windows",
      },
      {
        kind: "drift",
        column: "travellers_7_days_ago",
        message: "moved by 3.9 standard deviations (threshold 0.4)",
      },
      { kind: "drift", column: "prediction", message: "moved by 2.2 standard deviations" },
    ],
  },
  {
    id: "inc_01k9subject",
    model: "phishing",
    state: "resolved",
    openedAt: Date.UTC(2002, 8, 2),
    resolvedAt: Date.UTC(2002, 8, 9),
    title: "Subjects in a new character set",
    cause: "A mail gateway stopped decoding encoded words: a data bug, not a change of the world.",
    loss: null,
    action: "The gateway was repaired; nothing was retrained on the broken rows.",
    findings: [{ kind: "drift", column: "subject", message: "31 % unknown words, threshold 9 %" }],
  },
];

const wave = (i: number): number => Math.sin(i * 1.7) * 0.4 + Math.sin(i * 0.61) * 0.6;

/** Weekly windows: calm for `phishing`, a shock at the end for `passengers`. */
export function sampleSeries(model: string): Series[] {
  const shock = model === "passengers";
  const series = (
    name: string,
    title: string,
    kind: string,
    base: number,
    noise: number,
    limit: number,
    hit: boolean,
  ): Series => ({
    name,
    title,
    kind,
    better: "lower",
    points: Array.from({ length: 26 }, (_, i) => {
      const from = Date.UTC(2019, 9, 7) + i * 7 * DAY;
      const value =
        i === 8 ? null : base + noise * wave(i) + (hit && i > 22 ? base * (i - 21) * 2.2 : 0);
      return {
        from,
        to: from + 7 * DAY,
        rows: i === 8 ? 41 : 640 + i,
        value,
        low: value === null ? null : value - noise * 1.3,
        high: value === null ? null : value + noise * 1.3,
        threshold: kind === "performance" ? null : limit,
        expected: kind === "performance" ? base : null,
        alarm: value !== null && value > limit,
      };
    }),
  });
  if (model === "renewals" || model === "income") return [];
  if (shock)
    return [
      series("mae", "Mean absolute error", "performance", 61_000, 9_000, 140_000, true),
      series("travellers_7_days_ago", "travellers_7_days_ago", "drift", 0.09, 0.03, 0.4, true),
      series("weekday", "weekday", "drift", 0.02, 0.01, 0.1, false),
    ];
  if (model.startsWith("churn"))
    return [
      series("brier", "Brier score", "performance", 0.121, 0.02, 0.2, false),
      series("contract", "contract", "drift", 0.041, 0.012, 0.09, false),
      series("prediction", "prediction", "drift", 0.03, 0.01, 0.08, false),
    ];
  return [
    series("log_loss", "Log loss", "performance", 0.171, 0.02, 0.26, false),
    series("subject", "subject", "drift", 0.041, 0.012, 0.09, false),
    series("sender_domain", "sender_domain", "drift", 0.05, 0.018, 0.095, false),
    series("prediction", "prediction", "drift", 0.03, 0.01, 0.08, false),
    series("volume", "Rows a window", "volume", 640, 60, 900, false),
  ];
}
