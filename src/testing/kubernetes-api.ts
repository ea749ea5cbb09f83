import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { CoreV1Event, V1Job, V1Pod } from "@kubernetes/client-node";

export interface LoggedLine {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly text: string;
}

export interface KubernetesApi {
  /** A kubeconfig that leads here, with a token and a certificate authority of its own. */
  readonly kubeconfig: string;
  readonly jobs: Map<string, V1Job>;
  readonly pods: Map<string, V1Pod>;
  readonly events: CoreV1Event[];
  readonly logs: Map<string, LoggedLine[]>;
  /** Method and path of every request, oldest first. */
  readonly asked: string[];
  /** Answers the next requests so: a status (with headers), or the connection is reset. */
  fail(times: number, how: number | "reset"): void;
  /** What the kubelet would say of the pod of a job. */
  podIs(job: string, status: V1Pod["status"]): void;
  jobIs(job: string, type: "Complete" | "Failed", reason?: string, message?: string): void;
  stop(): Promise<void>;
}

const TOKEN = "a service account's token";
const TLS = join(process.cwd(), "test/data/tls");

/**
 * As much of the API of Kubernetes as Jobs need, over TLS, with its statuses and its Status bodies: what `kube-apiserver` answers to
 * create, get, list, delete and log. Nothing runs: the test says what the controller and the kubelet would.
 */
export async function kubernetesApi(folder: string): Promise<KubernetesApi> {
  const jobs: KubernetesApi["jobs"] = new Map();
  const pods: KubernetesApi["pods"] = new Map();
  const logs: KubernetesApi["logs"] = new Map();
  const events: CoreV1Event[] = [];
  const asked: string[] = [];
  const failures: (number | "reset")[] = [];
  let uid = 0;

  const create = (job: V1Job): Answer => {
    const name = job.metadata?.name ?? "";
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
      return refusal(422, "Invalid", `Job.batch "${name}" is invalid: metadata.name`);
    if (jobs.has(name)) return refusal(409, "AlreadyExists", `jobs.batch "${name}" already exists`);
    const at = new Date();
    const metadata = { ...job.metadata, uid: `uid-${uid++}`, creationTimestamp: at };
    jobs.set(name, { ...job, metadata, status: {} });
    const pod = `${name}-x7k2p`;
    pods.set(pod, {
      metadata: { ...job.spec?.template.metadata, name: pod, creationTimestamp: at },
      spec: job.spec!.template.spec!,
      status: { phase: "Pending" },
    });
    return { status: 201, body: jobs.get(name) };
  };
  const log = (name: string, query: URLSearchParams): Answer => {
    const pod = pods.get(name);
    if (pod === undefined) return refusal(404, "NotFound", `pods "${name}" not found`);
    if (pod.status?.phase === "Pending")
      return refusal(400, "BadRequest", `container "program" in pod "${name}" is waiting to start`);
    // The API looks at whole seconds.
    const since = query.get("sinceTime")?.replace(/\.\d+Z$/, "Z") ?? "";
    const lines = (logs.get(name) ?? []).filter(({ at }) => at.replace(/\.\d+Z$/, "Z") >= since);
    const text = lines
      .map(({ at, text: said }) =>
        query.get("timestamps") === "true" ? `${at} ${said}\n` : `${said}\n`,
      )
      .join("");
    return { status: 200, text: text.slice(0, Number(query.get("limitBytes") ?? text.length)) };
  };
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname, searchParams: query } = new URL(request.url!, "https://api");
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return refusal(401, "Unauthorized", "Unauthorized");
    const [, name, rest] =
      /^\/api(?:s\/batch)?\/v1\/namespaces\/models\/(?:jobs|pods|events)(?:\/([^/]+))?(\/log)?$/.exec(
        pathname,
      ) ?? [];
    if (rest !== undefined) return log(name!, query);
    if (pathname.includes("/events"))
      return {
        status: 200,
        body: { kind: "EventList", apiVersion: "v1", metadata: {}, items: events },
      };
    if (pathname.includes("/pods")) {
      const [key = "", value] = (query.get("labelSelector") ?? "").split("=");
      const items = [...pods.values()].filter(({ metadata }) => metadata?.labels?.[key] === value);
      return { status: 200, body: { kind: "PodList", apiVersion: "v1", metadata: {}, items } };
    }
    if (!pathname.includes("/jobs"))
      return refusal(403, "Forbidden", `User cannot ask for ${pathname}`);
    if (request.method === "POST") return create(JSON.parse(await textOf(request)));
    const job = jobs.get(name ?? "");
    if (job === undefined) return refusal(404, "NotFound", `jobs.batch "${name}" not found`);
    if (request.method === "DELETE") {
      jobs.delete(name!);
      // Without it a Job's pods would stay, and run on.
      if (query.get("propagationPolicy") === "Background") pods.delete(`${name}-x7k2p`);
      return { status: 200, body: { kind: "Status", status: "Success" } };
    }
    return { status: 200, body: job };
  };

  const server = createServer(
    { key: readFileSync(join(TLS, "loopback.key")), cert: readFileSync(join(TLS, "loopback.crt")) },
    (request, response) => {
      asked.push(`${request.method} ${request.url?.split("?")[0]}`);
      const failure = failures.shift();
      if (failure === "reset") request.socket.destroy();
      else if (failure !== undefined)
        send(response, refusal(failure, "Injected", `the server answers ${failure}`));
      else void answer(request).then((found) => send(response, found));
    },
  );
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, "kubeconfig.json");
  writeFileSync(kubeconfig, JSON.stringify(configFor(`https://127.0.0.1:${port}`)));
  return {
    ...{ kubeconfig, jobs, pods, events, logs, asked },
    fail: (times, how) => failures.push(...Array.from({ length: times }, () => how)),
    podIs(job, status) {
      const pod = pods.get(`${job}-x7k2p`)!;
      pods.set(`${job}-x7k2p`, { ...pod, status: { ...status } });
    },
    jobIs(job, type, reason, message) {
      const found = jobs.get(job)!;
      const condition = {
        type,
        status: "True",
        ...(reason ? { reason } : {}),
        ...(message ? { message } : {}),
      };
      jobs.set(job, { ...found, status: { conditions: [condition] } });
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
}

const refusal = (code: number, reason: string, message: string): Answer => ({
  status: code,
  body: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    code,
  },
});

function send(response: ServerResponse, { status, body, text }: Answer): void {
  response.writeHead(status, {
    "content-type": text === undefined ? "application/json" : "text/plain",
    ...(status === 429 ? { "retry-after": "1" } : {}),
  });
  response.end(text ?? JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const blocks: Buffer[] = [];
  for await (const block of request) blocks.push(block as Buffer);
  return Buffer.concat(blocks).toString("utf8");
}

const configFor = (server: string) => ({
  ...{ apiVersion: "v1", kind: "Config", "current-context": "test" },
  clusters: [
    {
      name: "test",
      cluster: {
        server,
        "certificate-authority-data": readFileSync(join(TLS, "loopback.crt")).toString("base64"),
      },
    },
  ],
  users: [{ name: "worker", user: { token: TOKEN } }],
  contexts: [{ name: "test", context: { cluster: "test", user: "worker", namespace: "models" } }],
});
