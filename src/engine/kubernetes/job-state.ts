import type { CoreV1Event, V1Job, V1Pod } from "@kubernetes/client-node";
import { TEMPORARY_EXIT } from "../jobs/bootstrap.ts";
import type { JobLook } from "../remote/place.ts";

export type Told = Pick<JobLook, "state" | "words">;

/** The kubelet tries again and again; a name that is wrong stays wrong. */
const NO_IMAGE_MS = 5 * 60_000;
/** Of a container that cannot be made: waiting reasons that no time mends. */
const HOPELESS = new Set(["InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"]);
const NO_IMAGE = new Set(["ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"]);
/** The pod went, and it was not its fault. */
const GONE = new Set([
  "Evicted",
  "Preempting",
  "NodeLost",
  "Shutdown",
  "NodeShutdown",
  "Terminated",
]);

/** What a Job, its pod and the events about it say, in our words. */
export function jobState(
  seen: {
    readonly job: V1Job;
    readonly pod: V1Pod | undefined;
    readonly events: readonly CoreV1Event[];
  },
  now: number,
): Told {
  const { job, pod, events } = seen;
  const conditions = job.status?.conditions ?? [];
  const isTrue = (type: string) =>
    conditions.find((condition) => condition.type === type && condition.status === "True");
  if (isTrue("Complete")) return { state: "succeeded" };
  if (job.metadata?.deletionTimestamp !== undefined) return { state: "stopped" };
  const failed = isTrue("Failed");
  if (failed !== undefined) return whyFailed(failed, pod);
  if (pod === undefined) {
    const refused = events.findLast(({ type }) => type === "Warning");
    return { state: "waiting", words: refused?.message ?? "no pod yet" };
  }
  if (pod.status?.phase === "Pending") return whyWaiting(pod, now);
  return { state: "running" };
}

function whyFailed(failed: { reason?: string; message?: string }, pod: V1Pod | undefined): Told {
  if (failed.reason === "DeadlineExceeded")
    return { state: "failed", words: "it neither ran nor ended within all its time" };
  const status = pod?.status;
  const ended = status?.containerStatuses?.[0]?.state?.terminated;
  const disrupted = status?.conditions?.find(
    ({ type, status: is }) => type === "DisruptionTarget" && is === "True",
  );
  if (disrupted !== undefined)
    return { state: "lost", words: disrupted.message ?? disrupted.reason ?? "its node went" };
  if (status?.reason !== undefined && GONE.has(status.reason))
    return { state: "lost", words: status.message ?? status.reason };
  if (ended?.reason === "OOMKilled")
    return { state: "failed", words: "it used more memory than resources.memory allows" };
  if (ended?.exitCode === TEMPORARY_EXIT)
    return { state: "lost", words: "it could not fetch its files, or hand over what it made" };
  if (ended !== undefined)
    return { state: "failed", words: `it ended with code ${ended.exitCode}` };
  // A pod that nobody saw end: deleted by hand, or with its node.
  return { state: "lost", words: failed.message ?? "its pod is gone" };
}

function whyWaiting(pod: V1Pod, now: number): Told {
  const place = pod.status?.conditions?.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (place !== undefined)
    return { state: "waiting", words: `no node has room for it: ${place.message ?? place.reason}` };
  const waits = pod.status?.containerStatuses?.[0]?.state?.waiting;
  const { reason = "", message = "" } = waits ?? {};
  const image = pod.spec?.containers[0]?.image;
  const since = pod.metadata?.creationTimestamp?.getTime() ?? now;
  if (NO_IMAGE.has(reason) || reason === "InvalidImageName" || reason === "ErrImageNeverPull") {
    const words = `its image ${image} cannot be pulled (${reason}): ${message}`;
    const patient = NO_IMAGE.has(reason) && now - since < NO_IMAGE_MS;
    return { state: patient ? "waiting" : "failed", words };
  }
  if (HOPELESS.has(reason))
    return { state: "failed", words: `its container cannot be made (${reason}): ${message}` };
  return {
    state: "waiting",
    words: reason === "" ? "its pod starts" : `its pod starts: ${reason}`,
  };
}
