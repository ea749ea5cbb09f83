import { type Digest, digestOf } from "../../src/lib/digest.ts";
import type { AliasMove } from "../../src/registry/alias-move.ts";
import type { ModelVersion } from "../../src/registry/model-version.ts";
import type { RegistryStore } from "../../src/registry/store.ts";

const HOUR = 3_600_000;

/** Two models with versions and a history of moves, in memory, and `served` ones: the oldest version of each is champion. */
export function sampleRegistry(now: number, served: readonly ModelVersion[] = []): RegistryStore {
  const version = (
    model: string,
    number: number,
    trainer: string,
    hours: number,
    parent?: Digest,
  ): ModelVersion => ({
    id: digestOf(`${model} ${number}`),
    model,
    number,
    onnx: digestOf(`onnx ${model} ${number}`),
    signature: {
      task: model === "passengers" ? "regression" : "binary",
      target: model === "passengers" ? "travellers" : "is_phishing",
      classes: model === "passengers" ? [] : ["ham", "phishing"],
      columns: [],
    },
    trainer,
    params: trainer === "gbdt" ? { trees: 240, depth: 6, learningRate: 0.08 } : { l2: 0.01 },
    seed: 42,
    dataset: digestOf(`data ${model} ${number > 2 ? 2 : 1}`),
    code: digestOf(`code ${number > 1 ? 2 : 1}`),
    environment: { node: "20.20.2", millwright: "0.1.0", runtime: "onnxruntime-node 1.30.0" },
    parent,
    complexity: 8400,
    report: digestOf(`report ${model} ${number}`),
    leaderboard: digestOf(`board ${model} ${number}`),
    reference: digestOf(`reference ${model} ${number}`),
    runId: "run_01k9train3",
    createdAt: now - hours * HOUR,
  });
  const p1 = version("phishing", 1, "linear", 24 * 21);
  const p2 = version("phishing", 2, "gbdt", 24 * 14, p1.id);
  const p3 = version("phishing", 3, "linear", 24 * 7, p1.id);
  const p4 = version("phishing", 4, "gbdt", 1.4, p3.id);
  const t1 = version("passengers", 1, "gbdt", 50);
  const versions = [p4, p3, p2, p1, t1, ...served];
  const move = (
    of: ModelVersion,
    alias: AliasMove["alias"],
    more: Partial<AliasMove>,
  ): AliasMove => ({
    model: of.model,
    alias,
    version: of.id,
    previous: undefined,
    reason: "",
    verdict: undefined,
    runId: "run_01k9train3",
    at: of.createdAt,
    ...more,
  });
  const moves: AliasMove[] = [
    move(p4, "challenger", {
      reason: "phishing-4 passes 6 of 6 gates; now to be proven on live traffic",
    }),
    move(p3, "champion", {
      previous: p1.id,
      reason:
        "Sequential test on 412 paired labels: e-value 31.4 ≥ 20, average precision better by 1.9 points (95 %: 0.7 to 3.1).",
      at: now - 24 * 5 * HOUR,
    }),
    move(p1, "champion", { reason: "first version; linear-2 passes 5 of 5 gates" }),
    move(t1, "champion", { reason: "first version; gbdt-1 passes 5 of 5 gates" }),
    ...served.map((version) =>
      version.number === 1
        ? move(version, "champion", {
            reason: version.origin ? "imported (not judged)" : "first; passes 5 of 5 gates",
            runId: version.runId,
          })
        : move(version, "challenger", { reason: "passes 6 of 6 gates; it answers a part" }),
    ),
  ];
  const store: RegistryStore = {
    add: () => Promise.reject(new Error("not part of this test")),
    get: async (id) => versions.find((v) => v.id === id),
    find: async (model, name) =>
      versions.find(
        (v) =>
          v.model === model &&
          (String(v.number) === name ||
            v.id === name ||
            v.id === moves.find((m) => m.model === model && m.alias === name)?.version),
      ),
    versions: async (model) => versions.filter((v) => v.model === model),
    models: async () => [...new Set(versions.map((v) => v.model))],
    lock: async () => {},
    alias: async (model, alias) =>
      moves.find((m) => m.model === model && m.alias === alias)?.version,
    async move(moved) {
      moves.unshift(moved);
    },
    moves: async (model, alias) =>
      moves.filter((m) => m.model === model && (alias ?? m.alias) === m.alias),
  };
  return store;
}
