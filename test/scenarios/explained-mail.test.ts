import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backgroundRows } from "../../src/explanation/background.ts";
import { explainRows } from "../../src/explanation/explain-rows.ts";
import { openExplainer } from "../../src/explanation/open-explainer.ts";
import { fromOutputs, toFeeds } from "../../src/onnx/feeds.ts";
import { graph } from "../../src/onnx/graph.ts";
import type { Signature } from "../../src/onnx/signature.ts";
import { readBackground } from "../../src/pipelines/read-background.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { Columns } from "../../src/storage/columns/columns.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import type { Table } from "../../src/table/table.ts";
import { fitEncoder } from "../../src/training/encoding/fit-encoder.ts";
import type { Trainer } from "../../src/training/trainer.ts";
import { TRAINERS } from "../../src/training/trainers/all.ts";

/** Every trainer on true mails: what it says is explained to the last digit, and texts by their words. */
const scratch = mkdtempSync(join(tmpdir(), "millwright-mail-"));
const FEATURES = [
  { name: "subject", role: "text" },
  { name: "sender_domain", role: "category" },
  { name: "received_at", role: "time" },
  { name: "has_html", role: "numeric" },
  { name: "n_urls", role: "numeric" },
] as const;
let columns: Columns;
let mails: Table;
let target: Float64Array;

beforeAll(async () => {
  columns = await duckdbColumns({ scratch });
  const text = { words: null, characters: null, vocabulary: [] };
  const signature: Signature = {
    ...{ task: "binary", target: "", classes: ["no", "yes"] },
    columns: [
      ...FEATURES.map(({ name, role }) =>
        role === "text" ? { name, role, text } : { name, role },
      ),
      { name: "is_spam", role: "category" },
    ],
  };
  const folder = new URL("../../examples/mail/data/", import.meta.url).pathname;
  mails = await readBackground({ columns }, { file: "mail.csv.gz", folder, signature });
  const spam = mails.columns.get("is_spam");
  if (spam?.type !== "string") throw new Error("is_spam is missing");
  target = Float64Array.from(spam.codes, (code) => Number(spam.dictionary[code] === "yes"));
});
afterAll(async () => {
  await columns.close();
  rmSync(scratch, { recursive: true, force: true });
});

const PARAMS: Readonly<Record<string, object>> = {
  baseline: { kind: "rule" },
  forest: { trees: 30, maxDepth: 8 },
  gbdt: { rounds: 40, patience: 0 },
  mlp: { epochs: 10 },
};

describe.each(TRAINERS as readonly Trainer[])("$name on mails", (trainer) => {
  test("explanations add up to what the file answers", async () => {
    const common = { target, task: "binary", classes: 2, seed: 1 } as const;
    const { encoder, design } = fitEncoder({
      ...{ ...common, table: mails, columns: FEATURES, style: trainer.style },
    });
    const params = trainer.params.parse(PARAMS[trainer.name] ?? {});
    const g = graph();
    const scores = trainer.fit({ ...common, design, params }).emit(g, encoder.emit(g));
    g.node("Identity", [scores], {}, { outputs: ["probability"] });
    g.output("probability", "float32", ["N", 2]);
    const signature: Signature = {
      ...{ task: "binary", target: "is_spam", classes: ["no", "yes"], columns: encoder.columns },
    };
    const runtime = await onnxRuntime();
    const model = g.encode(signature);
    const explainer = await openExplainer({ runtime }, { model, signature, background: mails });
    const rows = backgroundRows(signature, mails).slice(0, 25);
    const explained = await explainRows({ breathe: async () => {} }, { explainer, rows });
    const session = await runtime.load(model);
    const range = { from: 0, to: 25 };
    const said = fromOutputs(signature, await session.run(toFeeds(signature, mails, range)));
    await session.close();
    explained.forEach(({ base, contributions, unit }, i) => {
      const total = contributions.reduce((sum, c) => sum + c.contribution, base);
      const p = unit === "log-odds" ? 1 / (1 + Math.exp(-total)) : total;
      expect(Math.abs(p - said.values[i]!)).toBeLessThanOrEqual(1e-6);
    });
    if (!["linear", "gbdt", "forest"].includes(trainer.name)) return;
    const subjects = explained.flatMap(({ contributions }) =>
      contributions.filter((c) => c.column === "subject" && c.contribution !== 0),
    );
    const named = subjects.filter(({ words = [] }) => words.length > 0);
    expect(named.length).toBeGreaterThan(0.7 * subjects.length);
    for (const { words = [], value } of named)
      for (const word of words.filter((w) => /^[a-z]+$/.test(w)))
        expect(String(value).toLowerCase().replace(/['’]/g, "")).toContain(word);
  });
});
