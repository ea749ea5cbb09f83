import { MillwrightError } from "../errors.ts";
import type { GraphNodes } from "../onnx/nodes.ts";
import { readNodes } from "../onnx/nodes.ts";
import { rowsToTable } from "../onnx/rows.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Table } from "../table/table.ts";
import { type Fetched, widthOf } from "./encoded.ts";
import type { Explainer, ReadyBody } from "./explainer.ts";
import { fetchTensors } from "./fetch-tensors.ts";
import { openTensors } from "./open-tensors.ts";
import { originsOf, type Shapes } from "./origins.ts";
import { type Plan, plansFor, scoresOutput, tensorsOf, throughLink } from "./plan.ts";
import { bodyOutputs } from "./raw-outputs.ts";
import { type Owners, ownersOf, readyBody, readyTexts } from "./ready-body.ts";

/** What is known of the model's answers on this many background rows must be what is read from its graph. */
const CHECKED_ROWS = 16;
/** The graph computes in float32. */
const TOLERANCE = 1e-4;

interface Opening {
  readonly model: Uint8Array;
  readonly graph: GraphNodes;
  readonly signature: Signature;
  readonly background: Explainer["background"];
}

/**
 * Makes a model ready to be explained, in the most exact way there is: by its trees, by its coefficients, else by running it.
 * A structure read from the graph is used only when it gives the model's own answers and every feature comes from one column.
 * Throws `unsupported` for a model whose outputs have no known meaning.
 *
 * @param input.background rows of the training data, or undefined: compares with a row of missing values.
 */
export async function openExplainer(
  deps: { readonly runtime: Runtime },
  input: {
    readonly model: Uint8Array;
    readonly signature: Signature;
    readonly background: Table | undefined;
  },
): Promise<Explainer> {
  const { model, signature } = input;
  const graph = readNodes(model);
  refuseLists(signature);
  const background: Explainer["background"] =
    input.background && input.background.rows > 0
      ? { table: input.background, kind: "rows" }
      : emptyRow(signature);
  const opening = { model, graph, signature, background };
  const plans = plansFor(graph, signature);
  const last = plans.at(-1)!;
  for (const plan of plans) {
    const owners = plan === last ? NO_OWNERS : await examined(deps, opening, plan);
    if (owners) return opened(deps, opening, { ...plan, texts: owners.texts }, owners);
  }
  return opened(deps, opening, last, NO_OWNERS);
}

function refuseLists({ columns }: Signature): void {
  const list = columns.find(({ role }) => role === "tensor");
  if (list)
    throw new MillwrightError(
      "unsupported",
      `This model takes a list of numbers in each cell of '${list.name}'; explanations say what each column adds, and a whole list is one column.`,
    );
}

/** Graphs made elsewhere need not know missing values. */
function emptyRow(signature: Signature): Explainer["background"] {
  if (!signature.graph) return { table: rowsToTable(signature, [{}]).table, kind: "missing" };
  const fields = signature.columns.map(({ name, role }) => [name, role === "category" ? "" : 0]);
  return { table: rowsToTable(signature, [Object.fromEntries(fields)]).table, kind: "zeros" };
}

const NO_OWNERS: Owners = { features: [], texts: [] };

async function opened(
  deps: { readonly runtime: Runtime },
  opening: Opening,
  plan: Plan,
  owners: Owners,
): Promise<Explainer> {
  const { signature, background } = opening;
  const tensors = await openTensors(deps, { ...opening, names: tensorsOf(plan) });
  const encoded =
    plan.body.kind === "other"
      ? new Map()
      : await fetchTensors(tensors, { signature, table: background.table });
  const body: ReadyBody = readyBody(plan, owners, signature, background, encoded);
  const texts = readyTexts(signature, owners);
  const trees = body.kind === "tree" ? body.trees.feature.length * BYTES_PER_NODE : 0;
  const bytes = tensors.bytes + trees + opening.model.length / 10;
  return { signature, link: plan.link, tensors, background, body, texts, bytes };
}

/** Arrays of the trees, and what is kept for each class explained. */
const BYTES_PER_NODE = 100;

/**
 * Which column each encoded feature comes from. undefined: one comes from several, the graph cannot be run in parts, or what was
 * read from it is not what it answers.
 */
async function examined(
  deps: { readonly runtime: Runtime },
  opening: Opening,
  plan: Plan,
): Promise<Owners | undefined> {
  const { graph, signature, background } = opening;
  const { table } = background;
  const scores = scoresOutput(signature);
  const names = [...ancestorsOf(graph, tensorsOf(plan)), scores];
  try {
    const source = await openTensors(deps, { ...opening, names });
    const rows = Math.min(table.rows, CHECKED_ROWS);
    const fetched = await fetchTensors(source, { signature, table, range: { from: 0, to: rows } });
    await source.session?.close();
    for (let row = 0; row < rows; row++)
      if (!sameScores(throughLink(plan, bodyOutputs(plan, fetched, row)), fetched, scores, row))
        return undefined;
    const shapes: Shapes = new Map([...fetched].map(([name, { dims }]) => [name, dims]));
    return ownersOf(plan, signature, originsOf(graph, signature, shapes), shapes);
  } catch {
    return undefined;
  }
}

/** Everything that is computed on the way to the tensors. */
function ancestorsOf(graph: GraphNodes, tensors: readonly string[]): string[] {
  const found = new Set<string>();
  const waiting = [...tensors];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === "" || found.has(name) || graph.constant(name)) continue;
    found.add(name);
    waiting.push(...(graph.producer(name)?.inputs ?? []));
  }
  return [...found];
}

/** One number for two classes is the second one's. */
function sameScores(own: Float64Array, fetched: Fetched, scores: string, row: number): boolean {
  const tensor = fetched.get(scores);
  if (tensor === undefined) return false;
  const width = widthOf(tensor);
  const said = tensor.data.subarray(row * width, (row + 1) * width);
  const compared = own.length === 1 && width === 2 ? said.subarray(1) : said;
  if (compared.length !== own.length) return false;
  return own.every((v, k) => Math.abs(v - compared[k]!) <= TOLERANCE * Math.max(1, Math.abs(v)));
}
