import { Writable } from "node:stream";
import { MillwrightError } from "../../errors.ts";

/** The official client, 57 MB of it: loaded by whoever has a job in a cluster. */
const client = () => import("@kubernetes/client-node");
type Client = Awaited<ReturnType<typeof client>>;

export interface Cluster {
  readonly jobs: InstanceType<Client["BatchV1Api"]>;
  readonly core: InstanceType<Client["CoreV1Api"]>;
  /** Lines with their times (RFC 3339), from `since` on; undefined: there is no such log (yet). */
  log(pod: string, container: string, since: string | undefined): Promise<string | undefined>;
}

const TIMEOUT_MS = 30_000;
/** Of a log, at once: what is more comes with the next look. */
const LOG_BYTES = 2 ** 20;

/** @param context of the kubeconfig. Throws `invalid_config` when there is none that can be used. */
export async function openCluster(
  namespace: string,
  context: string | undefined,
): Promise<Cluster> {
  const { KubeConfig, BatchV1Api, CoreV1Api, Log } = await client().catch((cause) => {
    throw new MillwrightError(
      "invalid_config",
      "kubernetes() needs the package @kubernetes/client-node, which is not installed. Run: npm install @kubernetes/client-node@1.4.0",
      { cause },
    );
  });
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
    if (context !== undefined) config.setCurrentContext(context);
  } catch (cause) {
    throw notUsable((cause as Error).message);
  }
  if (!config.getCurrentCluster())
    throw notUsable(`it has no context ${context ?? config.currentContext}`);
  return {
    jobs: config.makeApiClient(BatchV1Api),
    core: config.makeApiClient(CoreV1Api),
    async log(pod, container, since) {
      const blocks: Buffer[] = [];
      const sink = new Writable({
        write(block, _, done) {
          blocks.push(block);
          done();
        },
      });
      const ended = new Promise<void>((resolve, reject) => {
        sink.on("finish", resolve).on("error", reject).on("close", resolve);
      });
      const controller = await new Log(config).log(namespace, pod, container, sink, {
        ...{ timestamps: true, limitBytes: LOG_BYTES },
        ...(since === undefined ? {} : { sinceTime: since }),
      });
      try {
        await within(ended);
      } finally {
        controller.abort();
      }
      return Buffer.concat(blocks).toString("utf8");
    },
  };
}

const notUsable = (why: string): MillwrightError =>
  new MillwrightError(
    "invalid_config",
    `No Kubernetes cluster can be reached: ${why}. Set KUBECONFIG, write ~/.kube/config, or run the worker in a pod with a service account.`,
  );

/** HTTP status of a refusal; undefined: there was no answer. */
export const statusOf = (error: unknown): number | undefined => {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? code : undefined;
};

/** One call, with a limit of its own, and errors in our words. `absent`: answers 404 and 410 with undefined. */
export async function ask<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await within(call());
  } catch (error) {
    if (error instanceof MillwrightError) throw error;
    throw inOurWords(what, error);
  }
}

export async function askFor<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await within(call());
  } catch (error) {
    const status = statusOf(error);
    if (status === 404 || status === 410) return undefined;
    if (error instanceof MillwrightError) throw error;
    throw inOurWords(what, error);
  }
}

function inOurWords(what: string, error: unknown): MillwrightError {
  const status = statusOf(error);
  const said = messageOf(error);
  if (status === undefined)
    return new MillwrightError("unavailable", `Kubernetes does not answer (${what}): ${said}`, {
      cause: error,
    });
  const answered = `Kubernetes answered ${status} (${what}): ${said}`;
  if (status === 401) return new MillwrightError("unauthorized", answered, { cause: error });
  if (status === 403)
    // A quota that is full is a 403, too, and passes.
    return /exceeded quota/.test(said)
      ? new MillwrightError("overloaded", answered, { cause: error })
      : new MillwrightError(
          "forbidden",
          `${answered} The worker's account needs the rights of deploy/kubernetes/rbac.yaml.`,
          { cause: error },
        );
  if (status === 429) return new MillwrightError("overloaded", answered, { cause: error });
  if (status >= 500 || status === 408)
    return new MillwrightError("unavailable", answered, { cause: error });
  return new MillwrightError("invalid_config", answered, { cause: error });
}

/** The API's own words are in the body of what the client throws. */
function messageOf(error: unknown): string {
  const { body, message } = error as { body?: unknown; message?: string };
  try {
    const status = typeof body === "string" ? JSON.parse(body) : body;
    if (typeof status?.message === "string") return status.message.slice(0, 1000);
  } catch {
    // Some proxies answer in HTML.
  }
  return (message ?? String(error)).split("\n").slice(0, 2).join(" ").slice(0, 500);
}

/** The client itself waits for ever. */
async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new MillwrightError(
            "unavailable",
            `Kubernetes did not answer within ${TIMEOUT_MS / 1000} s.`,
          ),
        ),
      TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
