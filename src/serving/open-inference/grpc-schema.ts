import protobuf from "protobufjs/light.js";

/**
 * Messages of `inference.GRPCInferenceService`: the public protocol (kserve/open-inference-protocol, inference_grpc.proto) and of
 * Triton's grpc_service.proto and model_config.proto what is answered here. Field → [number, type], `*` after the type: repeated,
 * `map<…>`: by text. Requests of ModelInfer are not here: `grpc-request.ts` reads them by hand.
 */
type Fields = Readonly<Record<string, readonly [number: number, type: string]>>;

const MESSAGES: Readonly<Record<string, Fields>> = {
  ServerLiveResponse: { live: [1, "bool"] },
  ServerReadyResponse: { ready: [1, "bool"] },
  ModelReadyResponse: { ready: [1, "bool"] },
  ServerMetadataResponse: {
    name: [1, "string"],
    version: [2, "string"],
    extensions: [3, "string*"],
  },
  /** ModelReady, ModelMetadata, ModelConfig and ModelStatistics ask with the same two fields. */
  ModelRequest: { name: [1, "string"], version: [2, "string"] },
  ModelMetadataResponse: {
    name: [1, "string"],
    versions: [2, "string*"],
    platform: [3, "string"],
    inputs: [4, "TensorMetadata*"],
    outputs: [5, "TensorMetadata*"],
  },
  TensorMetadata: { name: [1, "string"], datatype: [2, "string"], shape: [3, "int64*"] },
  ModelInferResponse: {
    model_name: [1, "string"],
    model_version: [2, "string"],
    id: [3, "string"],
    parameters: [4, "map<InferParameter>"],
    outputs: [5, "InferOutputTensor*"],
    raw_output_contents: [6, "bytes*"],
  },
  InferOutputTensor: {
    name: [1, "string"],
    datatype: [2, "string"],
    shape: [3, "int64*"],
    parameters: [4, "map<InferParameter>"],
    contents: [5, "InferTensorContents"],
  },
  InferParameter: {
    bool_param: [1, "bool"],
    int64_param: [2, "int64"],
    string_param: [3, "string"],
    double_param: [4, "double"],
    uint64_param: [5, "uint64"],
  },
  InferTensorContents: {
    bool_contents: [1, "bool*"],
    int_contents: [2, "int32*"],
    int64_contents: [3, "int64*"],
    uint_contents: [4, "uint32*"],
    uint64_contents: [5, "uint64*"],
    fp32_contents: [6, "float*"],
    fp64_contents: [7, "double*"],
    bytes_contents: [8, "bytes*"],
  },
  ModelStreamInferResponse: {
    error_message: [1, "string"],
    infer_response: [2, "ModelInferResponse"],
  },
  ModelConfigResponse: { config: [1, "ModelConfig"] },
  ModelConfig: {
    name: [1, "string"],
    platform: [2, "string"],
    version_policy: [3, "ModelVersionPolicy"],
    max_batch_size: [4, "int32"],
    input: [5, "ModelInput*"],
    output: [6, "ModelOutput*"],
    parameters: [14, "map<ModelParameter>"],
    backend: [17, "string"],
  },
  ModelVersionPolicy: { specific: [3, "SpecificVersions"] },
  SpecificVersions: { versions: [1, "int64*"] },
  ModelInput: {
    name: [1, "string"],
    data_type: [2, "int32"],
    dims: [4, "int64*"],
    optional: [8, "bool"],
  },
  ModelOutput: { name: [1, "string"], data_type: [2, "int32"], dims: [3, "int64*"] },
  ModelParameter: { string_value: [1, "string"] },
  ModelStatisticsResponse: { model_stats: [1, "ModelStatistics*"] },
  ModelStatistics: {
    name: [1, "string"],
    version: [2, "string"],
    last_inference: [3, "uint64"],
    inference_count: [4, "uint64"],
    execution_count: [5, "uint64"],
    inference_stats: [6, "InferStatistics"],
  },
  InferStatistics: {
    success: [1, "StatisticDuration"],
    fail: [2, "StatisticDuration"],
    queue: [3, "StatisticDuration"],
    compute_input: [4, "StatisticDuration"],
    compute_infer: [5, "StatisticDuration"],
    compute_output: [6, "StatisticDuration"],
    cache_hit: [7, "StatisticDuration"],
    cache_miss: [8, "StatisticDuration"],
  },
  StatisticDuration: { count: [1, "uint64"], ns: [2, "uint64"] },
  RepositoryIndexRequest: { repository_name: [1, "string"], ready: [2, "bool"] },
  RepositoryIndexResponse: { models: [1, "ModelIndex*"] },
  ModelIndex: {
    name: [1, "string"],
    version: [2, "string"],
    state: [3, "string"],
    reason: [4, "string"],
  },
  /** Load and unload. */
  RepositoryModelRequest: {
    repository_name: [1, "string"],
    model_name: [2, "string"],
    parameters: [3, "map<ModelRepositoryParameter>"],
  },
  ModelRepositoryParameter: {
    bool_param: [1, "bool"],
    int64_param: [2, "int64"],
    string_param: [3, "string"],
    bytes_param: [4, "bytes"],
  },
  Empty: {},
};

/** The enum DataType of model_config.proto. */
const DATA_TYPES = [
  ...["INVALID", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"],
  ...["FP16", "FP32", "FP64", "STRING", "BF16"],
].map((name) => `TYPE_${name}`);

export const dataTypeNumber = (name: string): number => DATA_TYPES.indexOf(name);

const root = new protobuf.Root();
for (const [name, fields] of Object.entries(MESSAGES)) {
  const type = new protobuf.Type(name);
  for (const [field, [id, declared]] of Object.entries(fields)) {
    const map = /^map<(\w+)>$/.exec(declared)?.[1];
    const rule = declared.endsWith("*") ? "repeated" : undefined;
    type.add(
      map === undefined
        ? new protobuf.Field(field, id, declared.replace("*", ""), rule)
        : new protobuf.MapField(field, id, "string", map),
    );
  }
  root.add(type);
}

/** Throws `RangeError` when the bytes end too early, `Error` when they are no such message. */
export const decodeMessage = (name: string, bytes: Uint8Array): Record<string, unknown> =>
  root.lookupType(name).decode(bytes) as unknown as Record<string, unknown>;

/** Fields may be left out. 64-bit integers that no number holds are written as text, enums as their numbers. */
export const encodeMessage = (name: string, message: object): Uint8Array =>
  root.lookupType(name).encode(message).finish();
