import type { CommandOf, GlobalOptions } from "./command.ts";
import { lookAt } from "./look-at.ts";
import type { VersionView } from "./render-model.ts";
import { nextStep, renderStatus } from "./render-status.ts";
import { statusView } from "./status-view.ts";

export const status: CommandOf = (program, context) => {
  program.command("status").action(async (_: unknown, command) => {
    const options: GlobalOptions = command.optsWithGlobals();
    await lookAt(context, options, async ({ platform, now, width }) => {
      const view = await statusView(platform);
      return {
        lines: renderStatus(view, now, width),
        result: {
          ...view,
          models: view.models.map((model) => ({
            ...model,
            champion: brief(model.champion),
            challenger: brief(model.challenger),
          })),
          datasets: view.datasets.map(({ name, latest }) => ({
            name,
            latest: latest && {
              ...{ id: latest.id, rows: latest.rows, createdAt: latest.createdAt },
              ...{ anomalies: latest.anomalies, setAside: latest.quarantine?.rows ?? 0 },
            },
          })),
          runs: view.runs.slice(0, 10),
          next: nextStep(view),
        },
      };
    });
  });
};

/** Reports are long: `show <model>@<version> --json` has them. */
const brief = (view: VersionView | undefined) =>
  view && {
    number: view.version.number,
    id: view.version.id,
    trainer: view.version.trainer,
    createdAt: view.version.createdAt,
    metric: view.evaluation?.report.metrics.find((m) => m.name === view.evaluation?.report.primary),
  };
