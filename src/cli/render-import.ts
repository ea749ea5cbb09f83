import pc from "picocolors";
import type { Json } from "../lib/json.ts";
import type { GraphInput, GraphOutput, Signature } from "../onnx/signature.ts";
import type { AdoptOutcome } from "../pipelines/adopt-version.ts";
import type { ImportedModel } from "../pipelines/import-model.ts";
import { counted, cut, heading, labelled, table } from "./render-text.ts";

/** What was understood of a file, and how to ask it. */
export function renderImport(
  { version, promoted, previous }: ImportedModel,
  gatewayPort: number,
  width: number,
): string[] {
  const { model, number, signature, origin } = version;
  const graph = signature.graph!;
  const state = promoted ? pc.green("champion") : pc.dim("kept");
  return [
    "",
    `${heading(`${model} version ${number}`)}  ${state}  ${pc.dim(`from ${origin?.file}, ${origin?.producer || "no producer named"}`)}`,
    "",
    ...labelled("answers", answersInWords(signature), width),
    ...labelled("a row", rowInWords(signature), width),
    ...(origin?.notes ?? []).flatMap((note) => labelled("note", note, width)),
    "",
    ...table(
      ["", "tensor", "type", "shape", ""],
      [
        ...graph.inputs.map((input) => line("in", input)),
        ...graph.outputs.map((o) => line("out", o)),
      ],
      width,
      pc.dim,
    ),
    "",
    ...(promoted
      ? [
          ...(previous === undefined || previous === number
            ? []
            : [`  Instead of version ${previous}. Undo with: millwright rollback ${model}`]),
          "  Ask it when `millwright up` runs:",
          `  ${curl(model, signature, gatewayPort)}`,
        ]
      : [
          previous === undefined
            ? `  Nothing answers yet. Promote it with: millwright promote ${model} ${number}`
            : `  Version ${previous} stays champion. Promote this one with: millwright promote ${model} ${number} --reason "…"`,
        ]),
  ];
}

/** What became of a model that was judged. */
export function renderAdoption(
  { model, number, judged, passed, deployment, decision }: AdoptOutcome,
  width: number,
): string[] {
  const colour = deployment === "kept" ? pc.yellow : pc.green;
  const said = !judged ? "not judged" : passed ? "passed its gates" : "failed its gates";
  return number === null
    ? []
    : [
        "",
        `${heading(`${model} version ${number}`)}  ${said}`,
        ...labelled(colour(deployment ?? ""), decision, width),
        pc.dim(`  See the evidence: millwright show ${model}@${number}`),
      ];
}

function line(way: string, value: GraphInput | GraphOutput): string[] {
  const { name, type, shape, keys } = value;
  const dims = shape.map((d) => d ?? "any");
  return [
    way,
    cut(name, 40),
    type,
    `[${dims.join(", ")}]`,
    keys ? `by key: ${cut(keys.join(", "), 40)}` : "",
  ];
}

function answersInWords({ task, target, classes }: Signature): string {
  if (task === "tensors") return "its outputs as they are (they name no classes and no one number)";
  if (task === "regression") return `a number: ${target}`;
  const names = cut(classes.join(", "), 60);
  return `${target}, ${counted(classes.length, "class", "classes")}: ${names}${task === "binary" ? `; probability of ${classes[1]}` : ""}`;
}

function rowInWords({ columns, graph }: Signature): string {
  const names = cut(columns.map(({ name }) => name).join(", "), 80);
  const batch = graph!.whole
    ? "; one row is one run"
    : graph!.batch === null
      ? ""
      : `; ${counted(graph!.batch, "row")} a run`;
  return `${counted(columns.length, "column")}: ${names}${batch}`;
}

/** A row with a made-up value for every column; long rows are left to the reader. */
function curl(model: string, { columns }: Signature, port: number): string {
  const row = Object.fromEntries(
    columns
      .slice(0, 12)
      .map((column): [string, Json] => [
        column.name,
        column.role === "tensor" ? zeros(column.shape) : column.role === "numeric" ? 1 : "a",
      ]),
  );
  const body = JSON.stringify({ rows: [row] });
  const long = columns.length > 12 || body.length > 400;
  const text = long ? `{"rows":[{${JSON.stringify(columns[0]!.name)}: …}]}` : body;
  return `curl -s http://127.0.0.1:${port}/models/${model}/predict -H 'content-type: application/json' -d '${text.replaceAll("'", "'\\''")}'`;
}

const zeros = (shape: readonly (number | null)[]): Json =>
  shape.length === 0
    ? 0
    : Array.from({ length: Math.min(shape[0] ?? 1, 50) }, () => zeros(shape.slice(1)));
