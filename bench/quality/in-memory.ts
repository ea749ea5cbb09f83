import type { DatasetVersion } from "../../src/datasets/dataset-version.ts";
import type { DatasetStore } from "../../src/datasets/store.ts";
import type { Steps } from "../../src/engine/engine.ts";

/** A run that is not meant to survive this process: every step is carried out at once. */
export function journalInMemory(): Steps {
  const context = { signal: { aborted: false }, progress: () => {} };
  return {
    runId: "bench",
    step: (_, body) => body(context),
    waitFor: async () => undefined,
    sleep: async () => {},
    fanOut: () => Promise.reject(new Error("nothing here has other runs")),
  };
}

/** What `ingest` needs of the catalogue. */
export function versionsInMemory(): DatasetStore {
  const kept: DatasetVersion[] = [];
  const of = (dataset: string) => kept.filter((version) => version.dataset === dataset).reverse();
  return {
    async add(version) {
      kept.push(version);
      return { version, created: true };
    },
    ingested: async () => undefined,
    lastRead: async () => undefined,
    latest: async (dataset) => of(dataset)[0],
    versions: async (dataset) => of(dataset),
    datasets: async () => [...new Set(kept.map((version) => version.dataset))],
    async find(dataset) {
      return of(dataset)[0]!;
    },
  };
}
