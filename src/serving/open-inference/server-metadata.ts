import type { ServerMetadata } from "../inference.ts";

/** What is supported beyond the protocol itself, in Triton's names for it. */
const EXTENSIONS = [
  "binary_tensor_data",
  "classification",
  "model_configuration",
  "model_repository",
  "parameters",
  "statistics",
] as const;

export const serverMetadata = (about: {
  readonly name: string;
  readonly version: string;
}): ServerMetadata => ({ ...about, extensions: EXTENSIONS });

/** Paths of Triton's other extensions, so that a client that asks is told instead of being lost. */
export const UNSUPPORTED = [
  { extension: "shared memory", method: "GET", path: "/v2/systemsharedmemory/status" },
  {
    extension: "shared memory",
    method: "GET",
    path: "/v2/systemsharedmemory/region/{name}/status",
  },
  {
    extension: "shared memory",
    method: "POST",
    path: "/v2/systemsharedmemory/region/{name}/register",
  },
  { extension: "shared memory", method: "POST", path: "/v2/systemsharedmemory/unregister" },
  {
    extension: "shared memory",
    method: "POST",
    path: "/v2/systemsharedmemory/region/{name}/unregister",
  },
  { extension: "shared memory", method: "GET", path: "/v2/cudasharedmemory/status" },
  { extension: "shared memory", method: "GET", path: "/v2/cudasharedmemory/region/{name}/status" },
  {
    extension: "shared memory",
    method: "POST",
    path: "/v2/cudasharedmemory/region/{name}/register",
  },
  { extension: "shared memory", method: "POST", path: "/v2/cudasharedmemory/unregister" },
  {
    extension: "shared memory",
    method: "POST",
    path: "/v2/cudasharedmemory/region/{name}/unregister",
  },
  { extension: "trace", method: "GET", path: "/v2/trace/setting" },
  { extension: "trace", method: "POST", path: "/v2/trace/setting" },
  { extension: "trace", method: "GET", path: "/v2/models/{name}/trace/setting" },
  { extension: "trace", method: "POST", path: "/v2/models/{name}/trace/setting" },
  { extension: "logging", method: "GET", path: "/v2/logging" },
  { extension: "logging", method: "POST", path: "/v2/logging" },
] as const;

export const unsupportedText = (extension: string): string =>
  `The ${extension} extension of the protocol is not supported here; supported: ${EXTENSIONS.join(", ")}.`;
