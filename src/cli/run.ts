import pc from "picocolors";
import { inWords } from "../lib/duration.ts";
import type { PipelineDefinition } from "../pipelines/pipeline.ts";
import { everyOf, scheduleInWords } from "../pipelines/pipeline-schedule.ts";
import { startPipeline } from "../pipelines/start-pipeline.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { followRun } from "./follow-run.ts";
import { jsonArgument } from "./json-argument.ts";
import { pageWidth, table } from "./render-text.ts";

export const run: CommandOf = (program, context) => {
  program
    .command("run")
    .argument("[pipeline]", "a pipeline of the project; without it they are listed")
    .option("--params <json>", "over the pipeline's own, such as '{\"limit\": 40}'")
    .option("--detach", "start the run and return its id at once")
    .action(async (name: string | undefined, options: RunOptions, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const params = jsonArgument("--params", options.params) ?? {};
      const look = name === undefined || options.detach === true;
      const open = await context.open(global, look ? "no" : "if-needed");
      try {
        const { platform } = open;
        if (name === undefined) {
          const { pipelines = {} } = (await platform.project()).definition;
          for (const line of listed(Object.values(pipelines))) terminal.say(line);
          terminal.result({ pipelines: Object.values(pipelines).map(viewOf) });
          return;
        }
        const runId = await startPipeline(platform, { pipeline: name, params });
        if (options.detach) {
          terminal.say(`Run ${runId} is queued. Follow it with: millwright show ${runId}`);
          terminal.result({ run: runId });
          return;
        }
        const began = Date.now();
        const output = await followRun(platform, terminal, runId);
        terminal.result({ run: runId, output });
        terminal.say(`${pc.bold(name)} ${pc.green("succeeded")} in ${inWords(Date.now() - began)}`);
        if (output !== null) terminal.say(JSON.stringify(output, undefined, 2));
        terminal.say(pc.dim(`Its steps: millwright show ${runId}`));
      } finally {
        await open.close();
      }
    });
};

interface RunOptions {
  readonly params?: string;
  readonly detach?: boolean;
}

const viewOf = ({ pipeline, options }: PipelineDefinition) => ({
  ...{ name: pipeline, params: options.params ?? null },
  every: options.schedule === undefined ? null : everyOf(options.schedule),
  starts: options.schedule === undefined ? null : scheduleInWords(options.schedule),
});

function listed(pipelines: readonly PipelineDefinition[]): string[] {
  if (pipelines.length === 0)
    return [
      'This project has no pipelines. Write one, export const nightly = pipeline("nightly", async (run) => { … }), and declare it in',
      "millwright.config.ts: pipelines: { nightly }",
    ];
  const rows = pipelines
    .map(viewOf)
    .map(({ name, params, starts }) => [
      pc.bold(name),
      starts === null ? pc.dim("when asked for") : `${starts} UTC`,
      params === null ? "" : pc.dim(JSON.stringify(params)),
    ]);
  return [
    ...table(["pipeline", "starts", "params"], rows, pageWidth(), pc.dim),
    "",
    pc.dim(`  millwright run ${pipelines[0]!.pipeline}`),
  ];
}
