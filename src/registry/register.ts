import type { Clock } from "../lib/clock.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { digestOfJson } from "../lib/digest.ts";
import type { ModelVersion } from "./model-version.ts";
import type { RegistryStore } from "./store.ts";

/** Keeps a model version under the digest of everything it came from: the same ingredients are the same version. */
export async function register(
  deps: { readonly registry: RegistryStore; readonly clock: Clock },
  version: Omit<ModelVersion, "id" | "number" | "createdAt">,
  /** A number that somebody else has given out: the version gets this one, and is another one than the same model under another number. */
  number?: number,
): Promise<ModelVersion> {
  const { model, code, dataset, signature, trainer, params, environment, seed, parent, onnx } =
    version;
  const { abstain } = version;
  const id = digestOfJson({
    model,
    code,
    dataset,
    signature,
    trainer,
    params,
    environment,
    seed,
    parent: parent ?? null,
    onnx,
    // Versions without a rule keep the digests they have.
    ...(abstain === undefined ? {} : { abstain }),
    ...(number === undefined ? {} : { number }),
  });
  const kept = await deps.registry.add({ ...version, id, createdAt: deps.clock.now() }, number);
  crashPoint("register:kept");
  return kept;
}
