import { transformSync } from "esbuild";
import { describe, expect, test } from "vitest";
import type { InferredColumn } from "../datasets/infer.ts";
import { datasetNameOf, modelNameOf, type NewProject, projectText, slug } from "./project-text.ts";

const column = (
  name: string,
  role: InferredColumn["role"],
  type: InferredColumn["type"] = "string",
  reason = "because",
): InferredColumn => ({ name, role, type, reason });

const PROJECT: NewProject = {
  command: "millwright init data/churn.csv --target Churn",
  dataset: "churn_data",
  model: "churn",
  source: "data/churn.csv",
  header: undefined,
  key: "customerID",
  time: undefined,
  target: "Churn",
  task: "binary",
  targetNote: "73.5 % No, 26.5 % Yes",
  positive: "Yes",
  columns: [
    column("customerID", "id"),
    column("gender", "category"),
    column("zip", "category", "number", "812 whole numbers that its name calls codes"),
    column("remarks", "text", "string", "5,000 different texts"),
    column("closed_at", "leak", "time", "alone it tells 'Churn' almost perfectly (AUC 1.000)"),
    column("Churn", "target"),
  ],
};

/** What the written file hands to Millwright. */
function evaluated(text: string): Record<string, Record<string, Record<string, unknown>>> {
  const { code } = transformSync(text, { loader: "ts", format: "cjs" });
  const role = (name: string) => () => ({ role: name });
  const millwright = {
    defineProject: (project: unknown) => project,
    ...Object.fromEntries(
      ["numeric", "category", "text", "time", "ignore"].map((n) => [n, role(n)]),
    ),
  };
  const module: { exports: { default?: unknown } } = { exports: {} };
  new Function("module", "exports", "require", code)(module, module.exports, () => millwright);
  return module.exports.default as ReturnType<typeof evaluated>;
}

describe("the project that is written", () => {
  test("reads like this", () => {
    expect(projectText(PROJECT)).toMatchInlineSnapshot(`
      "import { defineProject, category, ignore, text } from "millwright";

      // Written by: millwright init data/churn.csv --target Churn
      // What is not said here is inferred from the data. After an edit: millwright train
      export default defineProject({
        datasets: {
          churn_data: {
            source: "data/churn.csv",
            key: "customerID", // names the row or whom it is about
            // time: "…", // the column that says when a row happened: the newest rows become the test
          },
        },
        models: {
          churn: {
            dataset: "churn_data",
            target: "Churn", // binary: 73.5 % No, 26.5 % Yes
            positive: "Yes", // the class whose probability is reported
            features: {
              closed_at: ignore(), // knows the answer? alone it tells 'Churn' almost perfectly (AUC 1.000)
              zip: category(), // 812 whole numbers that its name calls codes
              remarks: text(), // 5,000 different texts
            },
            train: { budget: "60s" }, // also: metric, trainers, seed, split, test
            // A new version has to pass every gate: beatsBaseline, beatsChampion, calibrated, noSliceWorse, …
            // gates: [beatsBaseline(), beatsChampion()],
            retrain: { every: "week", onDrift: true, onCodeChange: true },
            // It then runs beside the champion, unseen, until this many labels have come back; false: promoted at once.
            deploy: { shadow: { minLabels: 200 } },
            monitor: { window: "day" },
          },
        },
      });
      "
    `);
  });

  test("is a program that says the same", () => {
    const project = evaluated(projectText(PROJECT));
    expect(project.datasets!.churn_data).toEqual({ source: "data/churn.csv", key: "customerID" });
    expect(project.models!.churn).toMatchObject({
      dataset: "churn_data",
      target: "Churn",
      positive: "Yes",
      features: {
        closed_at: { role: "ignore" },
        zip: { role: "category" },
        remarks: { role: "text" },
      },
    });
  });

  test("takes any name and any value", () => {
    const nasty = [
      'a"b',
      "it's",
      "new\nline",
      "tab\there",
      "back\\slash",
      "日本 語",
      "`$" + "{x}`",
      "*/ //",
      "\u2028sep",
      "\u202eright to left",
      "__proto__",
      "constructor",
      "",
      "1st",
      "</script>",
      "\u0000",
    ];
    const project = evaluated(
      projectText({
        ...PROJECT,
        ...{
          command: "a\nb",
          source: nasty[0]!,
          target: nasty[2]!,
          key: nasty[6]!,
          time: nasty[8]!,
        },
        ...{ positive: nasty[9]!, targetNote: "x\ny\u2028process.exit()", header: nasty },
        columns: nasty.map((name) => column(name, "leak", "string", `${name}\n}); throw 1; ({`)),
      }),
    );
    const { churn } = project.models as { churn: Record<string, unknown> };
    expect(churn.target).toBe(nasty[2]);
    expect(churn.positive).toBe(nasty[9]);
    expect(project.datasets!.churn_data).toEqual({
      ...{ source: nasty[0], header: nasty, key: nasty[6], time: nasty[8] },
    });
    const left = nasty.filter((name) => ![nasty[2], nasty[6], nasty[8]].includes(name));
    expect(Object.keys(churn.features as object).sort()).toEqual([...left].sort());
  });

  test("lists at most forty judgements, leaks first", () => {
    const columns = [
      ...Array.from({ length: 60 }, (_, i) => column(`c${i}`, "constant")),
      column("late", "leak"),
    ];
    const text = projectText({ ...PROJECT, columns });
    expect(text.match(/ignore\(\)/g)).toHaveLength(40);
    expect(text.indexOf("late: ignore()")).toBeLessThan(text.indexOf("c0: ignore()"));
    expect(text).toContain("… and 21 more");
  });
});

describe("names", () => {
  test("come from the target, or from the file where the target's name says nothing", () => {
    expect(modelNameOf("Churn", "telco")).toBe("churn");
    expect(modelNameOf("is_canceled", "hotels")).toBe("is_canceled");
    expect(modelNameOf("label", "mail")).toBe("mail");
    expect(modelNameOf("日本", "mail")).toBe("mail");
  });

  test("are letters, digits and _", () => {
    expect(datasetNameOf("some/Telco Churn (2).csv.gz")).toBe("telco_churn_2");
    expect(datasetNameOf("data/*.parquet")).toBe("data");
    expect(datasetNameOf("C:\\data\\Größe.tsv")).toBe("grosse");
    expect(slug("customerID")).toBe("customer_id");
    expect(slug("..//..")).toBe("");
  });
});
