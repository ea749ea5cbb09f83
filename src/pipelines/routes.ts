import { pipelines } from "../../sdk/src/contract/pipelines.ts";
import { routing } from "../../sdk/src/contract/routing.ts";
import { trying } from "../../sdk/src/contract/trying.ts";
import type { JobDesk } from "../engine/jobs.ts";
import type { Schedules } from "../engine/schedule.ts";
import { MillwrightError } from "../errors.ts";
import { reasonsOf } from "../explanation/reasons.ts";
import type { HttpAnswer, HttpRequest, HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import { readSignature } from "../onnx/read-signature.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import { runSummary } from "../tracking/run-view.ts";
import { changeRoute } from "./change-route.ts";
import { explainHere } from "./explain-here.ts";
import { scheduleInWords } from "./pipeline-schedule.ts";
import type { Platform } from "./platform.ts";
import { signalRun } from "./signal-run.ts";
import { startPipeline } from "./start-pipeline.ts";
import { tryRow } from "./try-row.ts";
import { undoRoute } from "./undo-route.ts";
import { revisionView, viewRoute } from "./view-route.ts";

const BY = "control";

/** Who answers for a model, looked at and changed. */
export function routeRoutes(
  platform: Parameters<typeof viewRoute>[0] & Pick<Platform, "transact">,
): HttpRoute[] {
  const { serving, clock } = platform;
  return mount(routing, {
    route: ({ model }) => viewRoute(platform, { model }),
    async routeHistory({ model, limit }) {
      const revisions = await serving.routeHistory(model, limit);
      return { model, revisions: revisions.map(revisionView) };
    },
    async changeRoute({ model, split, fallback, deadlineMs, revision: ifRevision, reason }) {
      const changed = await changeRoute(platform, {
        ...{ model, by: BY, ifRevision, at: clock.now() },
        reason: reason ?? "changed by a person",
        wish: { split, fallback, deadlineMs },
      });
      return { model, revision: changed?.revision ?? null };
    },
    async undoRoute({ model, revision, reason }) {
      const back = reason ?? `back to revision ${revision}, by a person`;
      const input = { model, revision, reason: back, by: BY, at: clock.now() };
      return { model, revision: (await undoRoute(platform, input))?.revision ?? null };
    },
  });
}

/** What versions say and why, asked by a person. */
export function tryingRoutes(
  deps: Parameters<typeof tryRow>[0] & Pick<Platform, "registry" | "predictions" | "serving">,
): HttpRoute[] {
  const { registry, predictions, serving } = deps;
  const found = async (model: string, name: string): Promise<ModelVersion> => {
    const version = await registry.find(model, name);
    if (version) return version;
    throw new MillwrightError("not_found", `Model ${model} has no version "${name}".`);
  };
  const who = ({ model, number, id }: ModelVersion) => ({ model, number, id });
  return mount(trying, {
    async inputs({ model, version: name }) {
      const version = await found(model, name);
      const { task, target, classes, columns } = version.signature;
      return {
        version: who(version),
        ...{ task, target, classes: [...classes] },
        columns: columns.map((column) => ({
          ...{ name: column.name, role: column.role },
          ...(column.role === "tensor" ? { shape: [...column.shape] } : {}),
        })),
      };
    },
    async tryRow({ model, version: name, row }) {
      const version = await found(model, name);
      const { answer, unexplained } = await tryRow(deps, { version, row });
      return {
        ...{ version: who(version), target: version.signature.target },
        ...{ prediction: answer, unexplained: unexplained ?? null },
      };
    },
    async whySaid({ model, id }) {
      const logged = await predictions.find({ model, id });
      if (!logged)
        throw new MillwrightError("not_found", `The log of ${model} has no prediction "${id}".`);
      const registered = await registry.get(logged.version);
      const { version, model: by } = registered
        ? { version: registered, model: registered.model }
        : ((await serving.versionServed(logged.version)) ?? {});
      if (!version || by === undefined)
        throw new MillwrightError(
          "not_found",
          `The version that answered, ${logged.version}, is not registered any more.`,
        );
      const [explanation] = await explainHere(deps, { version, rows: [logged.inputs] });
      const { target = "" } =
        registered?.signature ?? readSignature(await deps.blobs.get(version.onnx)) ?? {};
      return {
        ...{ version: { model: by, number: version.number, id: version.id }, target },
        explanation: { ...explanation!, contributions: [...explanation!.contributions] },
        reasons: reasonsOf(explanation!, target),
      };
    },
  });
}

/** What people wrote, and what they tell it. */
export function pipelineRoutes(
  deps: Parameters<typeof startPipeline>[0] & { readonly schedules: Pick<Schedules, "list"> },
): HttpRoute[] {
  const { project, engine, schedules } = deps;
  return mount(pipelines, {
    async pipelines() {
      const declared = Object.values((await project()).definition.pipelines ?? {});
      const planned = new Map((await schedules.list()).map((one) => [one.name, one]));
      const views = declared.map(async ({ pipeline: name, options }) => {
        const schedule = planned.get(`pipeline.${name}`);
        const [last] = await engine.list({ pipeline: name, limit: 1 });
        return {
          ...{ name, params: options.params ?? null },
          starts: options.schedule === undefined ? null : scheduleInWords(options.schedule),
          ...{ every: schedule?.every ?? null, nextAt: schedule?.nextAt ?? null },
          last: last ? runSummary(last) : null,
        };
      });
      return { pipelines: await Promise.all(views) };
    },
    async startPipeline({ pipeline, params = {} }) {
      return { run: await startPipeline(deps, { pipeline, params }) };
    },
    signalRun: ({ run, topic, payload = null }) => signalRun(deps, { run, topic, payload }),
  });
}

/** For jobs on other machines (`engine/jobs/run_job.py`): what a job is, its files, and where its results go. */
export function jobRoutes(desk: JobDesk): HttpRoute[] {
  const route = (
    method: "GET" | "PUT",
    rest: string,
    summary: string,
    answer: (id: string, token: string, request: HttpRequest) => Promise<HttpAnswer>,
  ): HttpRoute => ({
    // `open`: its token is not that of control, and the desk looks at it.
    ...{ method, path: `/api/jobs/{job}${rest}`, access: "open", stream: true },
    about: () => ({ summary: `For jobs that run elsewhere: ${summary}` }),
    handle(request) {
      const [, token = ""] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
      return answer(request.params.job ?? "", token, request);
    },
  });
  return [
    route("GET", "", "what it is.", async (id, token) => ({ body: await desk.work(id, token) })),
    route("GET", "/runner", "the program that runs it.", async (id, token) => ({
      ...{ body: await desk.runner(id, token), type: "text/x-python" },
    })),
    route("GET", "/files/{name*}", "a file it needs.", async (id, token, { params }) => {
      const { bytes, content } = await desk.file(id, token, params.name ?? "");
      const headers = { "content-length": String(bytes) };
      return { headers, type: "application/octet-stream", body: content };
    }),
    route("PUT", "/results/{name}", "keeps what it made.", async (id, token, request) => {
      const { params, headers, body } = request;
      const content = body as AsyncIterable<Uint8Array>;
      const digest = headers["x-millwright-digest"];
      return { body: await desk.receive(id, token, { name: params.name ?? "", digest, content }) };
    }),
  ];
}
