import type { V1Job } from "@kubernetes/client-node";
import { bytesOf } from "../../lib/bytes.ts";
import type { KubernetesOptions, RemoteJob } from "../remote/place.ts";

/** Finished Jobs and their logs stay so long for whoever looks with kubectl. */
const KEEP_S = 86_400;
export const CONTAINER = "program";
/** On a Job and its pod: our id, and the run it belongs to. */
export const JOB_LABEL = "millwright.dev/job";
export const RUN_NOTE = "millwright.dev/run";

/**
 * The Job of that id: one attempt (another one is ours to decide), no access to the cluster, no privileges. Memory is request and limit, so
 * that the program is never the one thrown out; of the processor it may take more than it asks for.
 */
export function jobBody(
  id: string,
  { run, step, work }: Pick<RemoteJob, "run" | "step" | "work">,
  options: KubernetesOptions,
  start: {
    readonly command: readonly string[];
    readonly variables: Readonly<Record<string, string>>;
  },
): V1Job {
  const { cpu, gpu, memory } = options.resources ?? {};
  const gpus = gpu === undefined ? {} : { [options.gpuResource ?? "nvidia.com/gpu"]: String(gpu) };
  const bytes = memory === undefined ? {} : { memory: String(bytesOf(memory)) };
  const labels = {
    "app.kubernetes.io/managed-by": "millwright",
    "app.kubernetes.io/component": "job",
    [JOB_LABEL]: id,
  };
  const annotations = { [RUN_NOTE]: run, "millwright.dev/step": step };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: id, labels, annotations },
    spec: {
      ...{ backoffLimit: 0, completions: 1, parallelism: 1, ttlSecondsAfterFinished: KEEP_S },
      // The program's own limit is kept by its runner; this is for one that no longer answers.
      activeDeadlineSeconds: Math.ceil((work.startWithinMs + work.timeoutMs) / 1000) + 600,
      template: {
        metadata: { labels, annotations },
        spec: {
          ...{ restartPolicy: "Never", automountServiceAccountToken: false },
          ...{ enableServiceLinks: false, terminationGracePeriodSeconds: 15 },
          ...(options.serviceAccount === undefined
            ? {}
            : { serviceAccountName: options.serviceAccount }),
          ...(options.imagePullSecrets === undefined
            ? {}
            : { imagePullSecrets: options.imagePullSecrets.map((name) => ({ name })) }),
          ...(options.nodeSelector === undefined ? {} : { nodeSelector: options.nodeSelector }),
          ...(options.tolerations === undefined ? {} : { tolerations: [...options.tolerations] }),
          ...(options.priorityClass === undefined
            ? {}
            : { priorityClassName: options.priorityClass }),
          securityContext: { seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              ...{ name: CONTAINER, image: options.image, command: [...start.command] },
              env: Object.entries(start.variables).map(([name, value]) => ({ name, value })),
              resources: {
                requests: { ...(cpu === undefined ? {} : { cpu: String(cpu) }), ...bytes },
                limits: { ...bytes, ...gpus },
              },
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
              },
              terminationMessagePolicy: "FallbackToLogsOnError",
            },
          ],
        },
      },
    },
  };
}
