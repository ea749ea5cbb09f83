import { parse } from "yaml";
import { z } from "zod";
import { MillwrightError } from "../../errors.ts";

/** What a logged model's file `MLmodel` says, as far as it decides whether and how the model is served. */
export interface MlModel {
  /** In the file's order, `python_function` left out: every model has that one. */
  readonly flavors: readonly string[];
  /** The ONNX file, relative to `MLmodel`; undefined: the model has no such flavor. */
  readonly onnx: string | undefined;
  /** Names of the input columns by its signature; undefined: it has none, or takes tensors. */
  readonly columns: readonly string[] | undefined;
  readonly wishes: MlModelWishes;
}

/** `metadata={"millwright": {…}}` of `log_model`: what neither the graph nor the signature can say. */
export type MlModelWishes = z.output<typeof Wishes>;

const Wishes = z.strictObject({
  columns: z.array(z.string().min(1)).max(10_000).optional(),
  task: z.enum(["binary", "multiclass", "regression", "tensors"]).optional(),
  classes: z.array(z.coerce.string()).max(10_000).optional(),
  positive: z.coerce.string().optional(),
  target: z.string().min(1).optional(),
});

const File = z.object({
  flavors: z.record(z.string(), z.unknown()),
  signature: z.object({ inputs: z.string().nullish() }).nullish(),
  metadata: z.looseObject({ millwright: z.unknown() }).partial().nullish(),
});

/** Throws `invalid_model` in words: what is wrong with the file, and where. */
export function readMlModel(text: string): MlModel {
  const file = File.safeParse(yaml(text));
  if (!file.success) throw wrong(issueOf(file.error));
  const { flavors, signature, metadata } = file.data;
  const wishes = Wishes.safeParse(metadata?.millwright ?? {});
  if (!wishes.success) throw wrong(`metadata.millwright: ${issueOf(wishes.error)}`);
  const onnx = z.object({ data: z.string().min(1) }).safeParse(flavors.onnx);
  return {
    flavors: Object.keys(flavors).filter((name) => name !== "python_function"),
    onnx: onnx.success ? onnx.data.data : undefined,
    columns: columnsOf(signature?.inputs ?? undefined),
    wishes: wishes.data,
  };
}

/** Aliases are not needed in such a file, and a few of them can be made to mean gigabytes. */
function yaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, logLevel: "silent" });
  } catch (cause) {
    throw wrong((cause as Error).message.split("\n", 1)[0]!);
  }
}

/** A table's columns have names; tensors may have them, and are then inputs of the graph. */
function columnsOf(inputs: string | undefined): string[] | undefined {
  if (inputs === undefined) return undefined;
  try {
    const columns = z
      .array(z.object({ name: z.string().min(1), type: z.unknown() }))
      .safeParse(JSON.parse(inputs));
    if (!columns.success || columns.data.some(({ type }) => type === "tensor")) return undefined;
    return columns.data.map(({ name }) => name);
  } catch {
    throw wrong("signature.inputs is not JSON");
  }
}

const issueOf = ({ issues: [issue] }: z.ZodError): string =>
  `${issue?.path.join(".") || "it"}: ${issue?.message ?? "is wrong"}`;

const wrong = (what: string): MillwrightError =>
  new MillwrightError(
    "invalid_model",
    `The file MLmodel cannot be used: ${what}. Log the model again with mlflow.onnx.log_model.`,
  );
