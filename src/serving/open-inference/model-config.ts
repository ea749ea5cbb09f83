import type { Signature } from "../../onnx/signature.ts";
import type { Datatype, ModelMetadata, TensorMetadata } from "../inference.ts";
import { MAX_ROWS } from "../rows.ts";

/** The part of Triton's model configuration that means something here; clients read sizes and types from it. */
export interface ModelConfig {
  readonly name: string;
  readonly platform: string;
  readonly backend: string;
  readonly version_policy: { readonly specific: { readonly versions: readonly number[] } };
  /** 0: the first axis of the model's tensors is not a batch of any size. */
  readonly max_batch_size: number;
  readonly input: readonly (ConfigTensor & { readonly optional: boolean })[];
  readonly output: readonly ConfigTensor[];
  readonly parameters: Readonly<Record<string, { readonly string_value: string }>>;
}

interface ConfigTensor {
  readonly name: string;
  readonly data_type: string;
  /** Without the batch axis, unless max_batch_size is 0. */
  readonly dims: readonly number[];
}

export function modelConfig(metadata: ModelMetadata, signature: Signature): ModelConfig {
  const { name, platform, inputs, outputs, versions, parameters } = metadata;
  const batches = [...inputs, ...outputs].every(({ shape }) => shape[0] === -1);
  const tensor = ({ name, datatype, shape }: TensorMetadata): ConfigTensor => ({
    name,
    data_type: dataType(datatype),
    dims: batches ? shape.slice(1) : shape,
  });
  return {
    ...{ name, platform, backend: "onnxruntime" },
    version_policy: { specific: { versions: versions.map(Number) } },
    max_batch_size: batches ? MAX_ROWS : 0,
    // Columns left out are missing values; a graph of its own needs what it takes.
    input: inputs.map((i) => ({ ...tensor(i), optional: signature.graph === undefined })),
    output: outputs.map(tensor),
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [
        key,
        { string_value: typeof value === "string" ? value : JSON.stringify(value) },
      ]),
    ),
  };
}

const dataType = (datatype: Datatype): string =>
  datatype === "BYTES" ? "TYPE_STRING" : `TYPE_${datatype}`;
