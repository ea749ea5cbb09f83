import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import { changeRoute } from "../pipelines/change-route.ts";
import type { Platform } from "../pipelines/platform.ts";
import { undoRoute } from "../pipelines/undo-route.ts";
import { revisionView, viewRoute } from "../pipelines/view-route.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { type Looking, lookAt } from "./look-at.ts";
import { suggestion } from "./near-names.ts";
import { renderRevisions, renderRoute } from "./render-route.ts";
import { type RouteOptions, wishedRoute } from "./route-options.ts";

const BY = "command line";

interface Options extends RouteOptions, GlobalOptions {
  readonly history?: boolean;
  readonly undo?: string;
  readonly reason?: string;
}

export const route: CommandOf = (program, context) => {
  program
    .command("route")
    .argument("<model>")
    .option(
      "--canary <percent>",
      "with --version: its part; a list such as 1,5,25,100 climbs by itself",
    )
    .option("--version <version>", "the version the canary is")
    .option("--ab <arms>", "versions by weight, such as 3=50,4=50")
    .option("--bandit <versions>", "versions that share by what is right, such as 3,4")
    .option("--off", "end the split: the champion answers everything")
    .option("--fallback <models>", "models that stand in, nearest first; `none` ends it")
    .option("--deadline <time>", "when the fallback answers instead, such as 20ms; `none` ends it")
    .option("--history", "every change of the route")
    .option("--undo <revision>", "split, fallback and deadline as they were then")
    .option("--reason <text>", "why, for the record")
    .action(async (model: string, _: unknown, command) => {
      const options: Options = command.optsWithGlobals();
      const wish = wishedRoute(options);
      if (wish !== undefined && (options.undo !== undefined || options.history))
        throw new MillwrightError(
          "invalid_input",
          `--${options.history ? "history" : "undo"} goes alone: change the route with another call.`,
        );
      await lookAt(context, options, async (looking) => {
        const { platform } = looking;
        await known(platform, model, wish?.fallback !== undefined);
        if (options.history) return history(looking, model);
        const change = { model, by: BY, at: platform.clock.now() };
        if (options.undo !== undefined) {
          const revision = revisionIn(options.undo);
          const reason = options.reason ?? `back to revision ${revision}, by a person`;
          await undoRoute(platform, { ...change, revision, reason });
        } else if (wish !== undefined)
          await changeRoute(platform, {
            ...{ ...change, wish },
            reason: options.reason ?? "changed by a person",
          });
        if ((await platform.serving.route(model)) === undefined && (wish || options.undo))
          return {
            lines: [`${pc.bold(model)} is not served any more`],
            result: { model, revision: null },
          };
        const view = await viewRoute(platform, { model });
        return { lines: renderRoute(view, looking.width), result: view };
      });
    });
};

async function history({ platform, width }: Looking, model: string) {
  const revisions = (await platform.serving.routeHistory(model, 1000)).map(revisionView);
  return { lines: renderRevisions(revisions, width), result: { model, revisions } };
}

/** A new member of a family is named by its fallback alone; any other name must be one of a model. */
async function known(platform: Platform, model: string, isNew: boolean): Promise<void> {
  if (isNew || (await platform.serving.routeHistory(model, 1)).length > 0) return;
  const { definition } = await platform.project();
  const names = Object.keys(definition.models);
  if (names.includes(model)) return;
  throw new MillwrightError(
    "not_found",
    `There is no model "${model}". ${suggestion(model, names, "models")}`,
  );
}

function revisionIn(text: string): number {
  const revision = Number(text);
  if (Number.isInteger(revision) && revision >= 1) return revision;
  throw new MillwrightError(
    "invalid_input",
    `--undo ${text}: the number of a revision is needed; millwright route <model> --history lists them.`,
  );
}
