import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type KubernetesApi, kubernetesApi } from "../../testing/kubernetes-api.ts";
import { kubernetesPlace } from "./kubernetes.ts";
import type { KubernetesOptions, Place, RemoteJob } from "./place.ts";

const ID = "millwright-0123456789abcdef012345678";
const OPTIONS: KubernetesOptions = {
  ...{ place: "kubernetes", image: "registry.example/trainer:1", namespace: "models" },
  resources: { cpu: 2, gpu: 1, memory: "4GiB" },
  nodeSelector: { pool: "gpu" },
};
const JOB: RemoteJob = {
  ...{ run: "run_1", step: "race: fold 1 of 5: net: elsewhere" },
  work: {
    program: { command: ["python", "train.py"], label: "python train.py" },
    ...{ files: [], timeoutMs: 3_600_000, startWithinMs: 60_000 },
  },
  reach: async () => ({ url: "http://control:7400/api/jobs/x", token: "a token" }),
  local: async () => "",
};

let folder: string;
let api: KubernetesApi;
let place: Place;
const before = process.env.KUBECONFIG;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millwright-kubernetes-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
});
beforeEach(async () => {
  api = await kubernetesApi(folder);
  process.env.KUBECONFIG = api.kubeconfig;
  place = kubernetesPlace(OPTIONS);
});
afterEach(() => api.stop());

const waiting = (reason: string, message = "why") => ({
  phase: "Pending",
  containerStatuses: [
    ...[{ name: "program", image: "", imageID: "", ready: false, restartCount: 0 }].map((one) => ({
      ...one,
      state: { waiting: { reason, message } },
    })),
  ],
});
const ended = (exitCode: number, reason = "Error") => ({
  phase: exitCode === 0 ? "Succeeded" : "Failed",
  containerStatuses: [
    {
      ...{ name: "program", image: "", imageID: "", ready: false, restartCount: 0 },
      state: { terminated: { exitCode, reason } },
    },
  ],
});

describe("a job of Kubernetes", () => {
  test("is created once: one attempt, its resources, no rights, and cleared away by the cluster", async () => {
    await place.submit(ID, JOB);
    await place.submit(ID, JOB);
    expect(api.jobs.size).toBe(1);
    const { metadata, spec } = api.jobs.get(ID)!;
    expect(metadata?.labels).toMatchObject({ "millwright.dev/job": ID });
    expect(metadata?.annotations).toMatchObject({ "millwright.dev/run": "run_1" });
    expect(spec).toMatchObject({ backoffLimit: 0, ttlSecondsAfterFinished: 86_400 });
    const pod = spec!.template.spec!;
    expect(pod).toMatchObject({ restartPolicy: "Never", automountServiceAccountToken: false });
    expect(pod.containers[0]!.resources).toEqual({
      requests: { cpu: "2", memory: "4294967296" },
      limits: { memory: "4294967296", "nvidia.com/gpu": "1" },
    });
    expect(pod.containers[0]!.command?.slice(0, 3)).toEqual(["python3", "-u", "-c"]);
    expect(JSON.stringify(pod)).not.toContain("train.py");
  });

  test("of somebody else with its name is not adopted", async () => {
    await place.submit(ID, JOB);
    await expect(place.submit(ID, { ...JOB, run: "run_2" })).rejects.toMatchObject({
      code: "conflict",
    });
  });

  test("is unknown before it is asked for, and after it is gone", async () => {
    expect(await place.look(ID, "")).toBeUndefined();
    await place.cancel(ID);
    await place.submit(ID, JOB);
    await place.cancel(ID);
    expect([api.jobs.size, api.pods.size]).toEqual([0, 0]);
    api.fail(1, 410);
    expect(await place.look(ID, "")).toBeUndefined();
  });

  test("waits in words: for a node, for its image, for a quota", async () => {
    await place.submit(ID, JOB);
    const seen = () => place.look(ID, "");
    api.podIs(ID, {
      phase: "Pending",
      conditions: [
        {
          ...{ type: "PodScheduled", status: "False", reason: "Unschedulable" },
          message: "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
        },
      ],
    });
    expect(await seen()).toMatchObject({
      state: "waiting",
      words: expect.stringMatching(/no node has room for it: .*Insufficient nvidia/),
    });
    api.podIs(ID, waiting("ErrImagePull", "manifest unknown"));
    expect(await seen()).toMatchObject({
      state: "waiting",
      words: expect.stringMatching(
        /registry.example\/trainer:1 cannot be pulled.*manifest unknown/,
      ),
    });
    api.podIs(ID, waiting("InvalidImageName"));
    expect(await seen()).toMatchObject({ state: "failed" });
    api.podIs(ID, waiting("CreateContainerConfigError", 'secret "x" not found'));
    expect(await seen()).toMatchObject({ state: "failed", words: expect.stringMatching(/"x"/) });
    api.pods.clear();
    const involvedObject = { name: ID };
    api.events.push({
      ...{ metadata: { name: "e" }, type: "Warning", reason: "FailedCreate", involvedObject },
      message: "pods is forbidden: exceeded quota: compute",
    });
    expect(await seen()).toMatchObject({
      state: "waiting",
      words: expect.stringMatching(/exceeded quota/),
    });
  });

  test("whose image does not come for five minutes has failed", async () => {
    await place.submit(ID, JOB);
    const [name, pod] = [...api.pods][0]!;
    const creationTimestamp = new Date(Date.now() - 301_000);
    api.pods.set(name, { ...pod, metadata: { ...pod.metadata, creationTimestamp } });
    api.podIs(ID, waiting("ImagePullBackOff"));
    expect(await place.look(ID, "")).toMatchObject({ state: "failed" });
  });

  test("shows its log line by line, each once", async () => {
    await place.submit(ID, JOB);
    api.podIs(ID, { phase: "Running" });
    expect(await place.look(ID, "")).toEqual({ state: "running", lines: [], mark: "" });
    const log = [{ at: "2026-11-29T19:00:01.000000001Z", text: "one" }];
    api.logs.set(`${ID}-x7k2p`, log);
    const first = await place.look(ID, "");
    expect(first?.lines).toEqual(["one"]);
    log.push({ at: "2026-11-29T19:00:01.5Z", text: "two" });
    const next = await place.look(ID, first!.mark);
    expect(next?.lines).toEqual(["two"]);
    api.jobIs(ID, "Complete");
    expect(await place.look(ID, next!.mark)).toMatchObject({ state: "succeeded", lines: [] });
  });

  test("fails in words, or is lost with its node", async () => {
    await place.submit(ID, JOB);
    api.jobIs(ID, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    const seen = async (status: Parameters<typeof api.podIs>[1]) => {
      api.podIs(ID, status);
      const { state, words } = (await place.look(ID, ""))!;
      return [state, words];
    };
    expect(await seen(ended(3))).toEqual(["failed", "it ended with code 3"]);
    expect(await seen(ended(137, "OOMKilled"))).toEqual([
      "failed",
      expect.stringMatching(/memory/),
    ]);
    expect(await seen(ended(75))).toEqual(["lost", expect.stringMatching(/fetch its files/)]);
    expect(await seen({ phase: "Failed", reason: "Evicted", message: "disk" })).toEqual([
      "lost",
      "disk",
    ]);
    const drained = { type: "DisruptionTarget", status: "True", message: "drained" };
    expect(await seen({ ...ended(143), conditions: [drained] })).toEqual(["lost", "drained"]);
    api.jobIs(ID, "Failed", "DeadlineExceeded");
    expect((await seen(ended(143)))[0]).toBe("failed");
  });

  test("what passes is said to pass; what does not names its mending", async () => {
    for (const [how, code] of [
      [429, "overloaded"],
      [500, "unavailable"],
      [503, "unavailable"],
      ["reset", "unavailable"],
      [401, "unauthorized"],
      [403, "forbidden"],
      [422, "invalid_config"],
    ] as const) {
      api.fail(1, how);
      await expect(place.submit(ID, JOB)).rejects.toMatchObject({ code });
      api.fail(1, how);
      await expect(place.look(ID, "")).rejects.toMatchObject({ code });
    }
    expect(api.jobs.size).toBe(0);
  });

  test("without a cluster says where one would be found", async () => {
    process.env.KUBECONFIG = join(folder, "none");
    await expect(kubernetesPlace(OPTIONS).look(ID, "")).rejects.toThrow(/KUBECONFIG/);
    process.env.KUBECONFIG = api.kubeconfig;
    const other = kubernetesPlace({ ...OPTIONS, context: "other" });
    await expect(other.look(ID, "")).rejects.toThrow(/no context other/);
  });
});
