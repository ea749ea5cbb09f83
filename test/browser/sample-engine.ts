import type { Engine, Run, RunStep } from "../../src/engine/engine.ts";

/** An engine that has already run: what the console reads of it, and the two writes it offers. */
export function sampleEngine(now: number): Engine {
  const minute = 60_000;
  const run = (id: string, pipeline: string, input: Run["input"], more: Partial<Run>): Run => ({
    id,
    pipeline,
    input,
    state: "succeeded",
    queue: "default",
    priority: 0,
    share: "",
    parent: undefined,
    output: undefined,
    error: undefined,
    createdAt: now - 90 * minute,
    finishedAt: now - 88 * minute,
    progress: undefined,
    ...more,
  });
  const runs: Run[] = [
    run(
      "run_01k9train4",
      "train",
      { model: "phishing", reason: "asked for by a person" },
      {
        state: "running",
        createdAt: now - 41_000,
        finishedAt: undefined,
        progress: { step: "race: fold 2 of 4", message: "gbdt-2 on fold 2 of 4", fraction: 0.42 },
      },
    ),
    run(
      "run_01k9night2",
      "nightly",
      { code: "sha256:5d1c", params: { day: "2026-07-31", ask: true } },
      {
        state: "waiting",
        createdAt: now - 9 * minute,
        finishedAt: undefined,
        progress: { step: "score", message: "157 rows", fraction: 1 },
      },
    ),
    run(
      "run_01k9night2.4-score.0",
      "score",
      { model: "phishing", source: "inbox/2026-07-31.csv" },
      {
        parent: { id: "run_01k9night2", step: "score" },
        createdAt: now - 8 * minute,
        finishedAt: now - 8 * minute + 1800,
      },
    ),
    run(
      "run_01k9watch2",
      "watch",
      { model: "passengers" },
      { createdAt: now - 12 * minute, finishedAt: now - 12 * minute + 2300 },
    ),
    run(
      "run_01k9train3",
      "train",
      { model: "phishing", reason: "every week" },
      {
        output: {
          model: "phishing",
          number: 4,
          winner: "gbdt-2",
          passed: true,
          deployment: "shadow",
          decision: "gbdt-2 passes 5 of 5 gates; now to be proven on live traffic",
        },
      },
    ),
    run(
      "run_01k9churn1",
      "train",
      { model: "renewals", reason: "asked for by a person" },
      {
        state: "failed",
        createdAt: now - 26 * 60 * minute,
        finishedAt: now - 26 * 60 * minute + 4100,
        error:
          'target "renewed" has one value ("yes") in all 3,207 rows: there is nothing to learn. Check the export, or choose another target in millwright.config.ts.',
      },
    ),
    run(
      "run_01k9train2",
      "train",
      { model: "passengers", reason: "every month" },
      { createdAt: now - 50 * 60 * minute, finishedAt: now - 50 * 60 * minute + 31_000 },
    ),
  ];
  const step = (
    name: string,
    state: RunStep["state"],
    startedAt?: number,
    finishedAt?: number,
    more: Partial<RunStep> = {},
  ): RunStep => ({ name, state, attempts: 1, startedAt, finishedAt, error: undefined, ...more });
  const stepsOf = (found: Run): RunStep[] => {
    const t = found.createdAt;
    if (found.state === "failed")
      return [
        step("ingest", "succeeded", t + 200, t + 2600),
        step("plan", "failed", t + 2600, t + 4000, { error: "there is nothing to learn" }),
      ];
    const done = [
      step("ingest", "succeeded", t + 200, t + 3900),
      step("plan", "succeeded", t + 3900, t + 4100),
      step("race: fold 1 of 4", "succeeded", t + 4100, t + 26_000, { attempts: 2 }),
    ];
    if (found.pipeline === "nightly")
      return [
        step("begin", "succeeded", t + 10, t + 20),
        step("score", "succeeded", t + minute, t + minute + 1900),
        step("wait for many mails", "waiting", t + minute + 2000),
      ];
    if (found.state === "running")
      return [...done, step("race: fold 2 of 4", "running", t + 26_000)];
    return [
      ...done,
      step("race: fold 2 of 4", "succeeded", t + 26_000, t + 41_000),
      step("fit", "succeeded", t + 41_000, t + 58_000),
      step("evaluate", "succeeded", t + 58_000, t + 71_000),
      step("register", "succeeded", t + 71_000, t + 71_400),
      step("deploy", "succeeded", t + 71_400, t + 72_000),
    ];
  };
  const unused = () => Promise.reject(new Error("not part of this test"));
  return {
    register() {},
    registerOthers() {},
    start: async () => {},
    stop: async () => {},
    async submit(pipeline, input) {
      const id = `run_01k9new${runs.length}`;
      runs.unshift(
        run(id, pipeline, input as Run["input"], {
          state: "queued",
          createdAt: now,
          finishedAt: undefined,
        }),
      );
      return id;
    },
    get: async (id) => runs.find((r) => r.id === id),
    async steps(id) {
      const found = runs.find((r) => r.id === id);
      return found && found.state !== "queued" ? stepsOf(found) : [];
    },
    list: async ({ pipeline, state, parent, limit = 100 } = {}) =>
      runs
        .filter((r) => r.parent?.id === parent)
        .filter((r) => (pipeline ?? r.pipeline) === r.pipeline && (state ?? r.state) === r.state)
        .slice(0, limit),
    wait: unused,
    async signal(id) {
      const at = runs.findIndex((r) => r.id === id);
      runs[at] = { ...runs[at]!, state: "succeeded", finishedAt: now };
    },
    async cancel(id) {
      const at = runs.findIndex((r) => r.id === id);
      runs[at] = { ...runs[at]!, state: "cancelled", finishedAt: now };
    },
    hasWorker: async () => true,
    workers: async () => [],
    async load() {
      const active = runs.filter((r) => ["queued", "running", "waiting"].includes(r.state));
      return {
        runs: active.map(({ pipeline, state }) => ({
          queue: "default",
          pipeline,
          state,
          count: 1,
        })),
        oldestQueued: {},
      };
    },
  };
}
