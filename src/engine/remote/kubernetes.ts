import { MillwrightError } from "../../errors.ts";
import { fetchedCommand } from "../jobs/bootstrap.ts";
import { ask, askFor, type Cluster, openCluster, statusOf } from "../kubernetes/cluster.ts";
import { CONTAINER, JOB_LABEL, jobBody, RUN_NOTE } from "../kubernetes/job-body.ts";
import { jobState } from "../kubernetes/job-state.ts";
import { newLines } from "../kubernetes/log-lines.ts";
import type { JobLook, KubernetesOptions, Place } from "./place.ts";

/** Jobs (batch/v1) of a Kubernetes cluster. Our id is the Job's name; of two that ask for the same, the API refuses the second. */
export function kubernetesPlace(options: KubernetesOptions): Place {
  const { namespace = "default", context } = options;
  let opened: Promise<Cluster> | undefined;
  const cluster = () => {
    opened ??= openCluster(namespace, context).catch((error) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  return {
    async submit(id, job) {
      const { jobs } = await cluster();
      const body = jobBody(id, job, options, fetchedCommand(await job.reach()));
      await ask("create a Job", async () => {
        try {
          await jobs.createNamespacedJob({ namespace, body });
        } catch (error) {
          if (statusOf(error) !== 409) throw error;
          const there = await jobs.readNamespacedJob({ name: id, namespace });
          const { labels, annotations } = there.metadata ?? {};
          if (labels?.[JOB_LABEL] === id && annotations?.[RUN_NOTE] === job.run) return;
          throw new MillwrightError(
            "conflict",
            `A Job ${id} is in namespace ${namespace}, and it is not of run ${job.run}. Delete it, or use another namespace.`,
          );
        }
      });
    },
    async look(id, mark): Promise<JobLook | undefined> {
      const { jobs, core, log } = await cluster();
      const job = await askFor("read a Job", () => jobs.readNamespacedJob({ name: id, namespace }));
      if (job === undefined) return undefined;
      const pods = await ask("list pods", () =>
        core.listNamespacedPod({ namespace, labelSelector: `${JOB_LABEL}=${id}` }),
      );
      const pod = pods.items.at(0);
      const about = `involvedObject.name=${id}`;
      const events =
        pod === undefined
          ? await askFor("list events", () =>
              core.listNamespacedEvent({ namespace, fieldSelector: about, limit: 20 }),
            )
          : undefined;
      const told = jobState({ job, pod, events: events?.items ?? [] }, Date.now());
      const name = pod?.metadata?.name;
      if (name === undefined || told.state === "waiting") return { ...told, lines: [], mark };
      const text = await logOf(() => log(name, CONTAINER, mark.split(" ")[0] || undefined));
      return { ...told, ...newLines(text ?? "", mark, told.state !== "running") };
    },
    async cancel(id) {
      const { jobs } = await cluster();
      await askFor("delete a Job", () =>
        jobs.deleteNamespacedJob({ name: id, namespace, propagationPolicy: "Background" }),
      );
    },
  };
}

/** A container that has not begun has no log (400), and one whose node is gone has none any more: no reason to fail. */
const logOf = (call: () => Promise<string | undefined>): Promise<string | undefined> =>
  askFor("read a log", async () => {
    try {
      return await call();
    } catch (error) {
      if (statusOf(error) === 400 || statusOf(error) === 500) return undefined;
      throw error;
    }
  });
