import type { GraphFile } from "./graph-file.ts";
import { type ModelFile, refuse } from "./model-file.ts";
import { inlined, type TensorFile } from "./tensor-file.ts";
import { bytesField, eachField } from "./wire.ts";

/**
 * Weights may lie in files beside the model (TensorProto.data_location EXTERNAL). A stored model never refers to a file: they
 * are put inside on import. Where a file may lie is checked here by its name, and by whoever reads it against links.
 */
export function externalFiles(model: ModelFile): string[] {
  const files = new Set<string>();
  const see = (graph: GraphFile, inner: boolean): void => {
    for (const tensor of graph.initializers)
      if (tensor.external) files.add(locationOf(tensor, inner));
    for (const node of graph.nodes) {
      for (const tensor of node.tensors) if (tensor.external) files.add(locationOf(tensor, true));
      for (const subgraph of node.graphs) see(subgraph, true);
    }
  };
  see(model.graph, false);
  return [...files];
}

/** Throws `invalid_model` for a name that leads, or could lead, out of the model's folder. */
function locationOf(tensor: TensorFile, inner: boolean): string {
  const location = tensor.external?.get("location") ?? "";
  if (inner)
    throw refuse(
      `keeps the tensor '${tensor.name}', which lies inside a node, in the file ${JSON.stringify(location.slice(0, 200))}: save it with its data inside (onnx.save without save_as_external_data)`,
    );
  const parts = location.split("/");
  const safe =
    location !== "" &&
    !/^[A-Za-z]:|[\\\0]/.test(location) &&
    !parts.includes("..") &&
    parts[0] !== "";
  if (safe) return location;
  throw refuse(
    `says that the data of tensor '${tensor.name}' lies in ${JSON.stringify(location.slice(0, 200))}: only a file in the model's own folder, named relative to it, is read. Put both in one folder and save the model again`,
  );
}

/** Bytes of one value, by TensorProto.DataType. */
const BYTES: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2 },
};

/** The tensor as a field of its graph, with its data inside. Throws `invalid_model` when the file does not hold it. */
export function withData(
  tensor: TensorFile,
  files: ReadonlyMap<string, Uint8Array> | undefined,
): Uint8Array {
  if (!tensor.external) return tensor.raw;
  const location = locationOf(tensor, false);
  const file = files?.get(location);
  if (!file)
    throw refuse(
      `keeps the data of tensor '${tensor.name}' in the file ${location}, which is not there: import the model where that file lies beside it`,
    );
  const from = numberOf(tensor, "offset") ?? 0;
  const length = numberOf(tensor, "length") ?? file.length - from;
  const each = BYTES[tensor.type];
  const wanted = each && each * tensor.dims.reduce((size, d) => size * d, 1);
  if (from + length > file.length || length < 0 || (wanted !== undefined && wanted !== length))
    throw refuse(
      `keeps the data of tensor '${tensor.name}' in ${location}, bytes ${from} to ${from + length}; the file has ${file.length} bytes and the tensor needs ${wanted ?? "others"}: the two do not belong together`,
    );
  let raw = tensor.raw;
  eachField(tensor.raw, undefined, ({ id, body }) => {
    raw = bytesField(id, inlined(body, file.subarray(from, from + length)));
  });
  return raw;
}

function numberOf({ external, name }: TensorFile, key: string): number | undefined {
  const text = external?.get(key);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== "") return value;
  throw refuse(
    `says ${key} ${JSON.stringify(text.slice(0, 40))} of the data of tensor '${name}': it should be a number of bytes`,
  );
}
