import { MillwrightError } from "../../errors.ts";
import type { GrpcMethod } from "../../grpc/grpc.ts";
import { routeOf, servedVersions } from "../routing.ts";
import { answerInference } from "./answer-inference.ts";
import { describe } from "./describe.ts";
import { inferResponse } from "./grpc-answer.ts";
import { readInferRequest } from "./grpc-request.ts";
import { dataTypeNumber, decodeMessage, encodeMessage } from "./grpc-schema.ts";
import { invalid } from "./infer-checks.ts";
import { loadNow } from "./load-now.ts";
import { modelConfig } from "./model-config.ts";
import { repositoryIndex } from "./repository.ts";
import { type OpenInferenceDeps, refuseOverrides } from "./routes.ts";
import { serverMetadata, unsupportedText } from "./server-metadata.ts";
import { modelStatistics } from "./statistics.ts";

const SERVICE = "/inference.GRPCInferenceService/";

/** Methods of Triton's that are not supported, by extension. */
const UNSUPPORTED_METHODS = {
  ...{ SystemSharedMemoryStatus: "shared memory", CudaSharedMemoryStatus: "shared memory" },
  ...{ SystemSharedMemoryRegister: "shared memory", CudaSharedMemoryRegister: "shared memory" },
  ...{ SystemSharedMemoryUnregister: "shared memory", CudaSharedMemoryUnregister: "shared memory" },
  ...{ TraceSetting: "trace", LogSettings: "logging" },
} as const;

/** https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_grpc.md, and extensions of Triton's. */
export function openInferenceMethods(deps: OpenInferenceDeps): GrpcMethod[] {
  const inference = async (bytes: Uint8Array, at: number): Promise<object> => {
    const { model, version, request, raw } = readInferRequest(bytes);
    return inferResponse(await answerInference(deps, { model, version, request, at }), raw);
  };
  return [
    {
      ...method("ServerLive", () => encodeMessage("ServerLiveResponse", { live: true })),
      access: "open",
    },
    {
      ...method("ServerReady", () => encodeMessage("ServerReadyResponse", { ready: deps.ready() })),
      access: "open",
    },
    {
      ...method("ServerMetadata", () =>
        encodeMessage("ServerMetadataResponse", serverMetadata(deps.about)),
      ),
      access: "open",
    },
    method("ModelReady", async (bytes) => {
      await describe(deps, readModel(bytes));
      return encodeMessage("ModelReadyResponse", { ready: true });
    }),
    method("ModelMetadata", async (bytes) => {
      const { metadata } = await describe(deps, readModel(bytes));
      return encodeMessage("ModelMetadataResponse", metadata);
    }),
    method("ModelConfig", async (bytes) => {
      const { metadata, signature } = await describe(deps, readModel(bytes));
      const config = modelConfig(metadata, signature);
      const numbered = <T extends { readonly data_type: string }>(tensor: T) => ({
        ...tensor,
        data_type: dataTypeNumber(tensor.data_type),
      });
      const [input, output] = [config.input.map(numbered), config.output.map(numbered)];
      return encodeMessage("ModelConfigResponse", { config: { ...config, input, output } });
    }),
    method("ModelStatistics", (bytes) => {
      const { model, version } = readModel(bytes);
      const asked = model === "" ? deps.routes.list() : [routeOf(deps.routes, model)];
      return encodeMessage(
        "ModelStatisticsResponse",
        modelStatistics(deps.statistics, asked, model === "" ? undefined : version),
      );
    }),
    method("ModelInfer", async (bytes, at) =>
      encodeMessage("ModelInferResponse", await inference(bytes, at)),
    ),
    {
      ...method("ModelStreamInfer", async (bytes, at) => {
        const answer = await inference(bytes, at).then(
          (infer_response) => ({ infer_response }),
          (error: unknown) => {
            if (!(error instanceof MillwrightError)) throw error;
            return { error_message: error.message, infer_response: {} };
          },
        );
        return encodeMessage("ModelStreamInferResponse", answer);
      }),
      stream: true,
    },
    ...repositoryMethods(deps),
    ...Object.entries(UNSUPPORTED_METHODS).map(([name, extension]) =>
      method(name, () => {
        throw new MillwrightError("unsupported", unsupportedText(extension));
      }),
    ),
  ];
}

function repositoryMethods(deps: OpenInferenceDeps): GrpcMethod[] {
  return [
    method("RepositoryIndex", (bytes) => {
      const { ready } = read("RepositoryIndexRequest", bytes);
      const models = repositoryIndex(deps.routes, deps.models, ready === true);
      return encodeMessage("RepositoryIndexResponse", { models });
    }),
    method("RepositoryModelLoad", async (bytes) => {
      const { model_name: model, parameters } = read("RepositoryModelRequest", bytes);
      refuseOverrides(parameters);
      await loadNow(deps, { model: String(model) });
      return encodeMessage("Empty", {});
    }),
    method("RepositoryModelUnload", (bytes) => {
      const { model_name: model } = read("RepositoryModelRequest", bytes);
      servedVersions(routeOf(deps.routes, String(model))).forEach(deps.models.unload);
      return encodeMessage("Empty", {});
    }),
  ];
}

const method = (name: string, handle: GrpcMethod["handle"]): GrpcMethod => ({
  path: SERVICE + name,
  handle,
});

function readModel(bytes: Uint8Array): { model: string; version: string | undefined } {
  const { name, version } = read("ModelRequest", bytes);
  return { model: String(name), version: version === "" ? undefined : String(version) };
}

function read(name: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    return decodeMessage(name, bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 100) : "";
    throw invalid(`The message cannot be read: ${why}`);
  }
}
