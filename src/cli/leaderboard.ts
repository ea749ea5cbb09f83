import { MillwrightError } from "../errors.ts";
import type { Leaderboard } from "../training/leaderboard.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { lookAt } from "./look-at.ts";
import { modelAndVersion, modelNamed } from "./model-argument.ts";
import { renderLeaderboard } from "./render-leaderboard.ts";
import { versionNamed, versionView } from "./version-view.ts";

export const leaderboard: CommandOf = (program, context) => {
  program
    .command("leaderboard")
    .argument("[model]", "the model; with @<version> for another than the newest")
    .argument("[version]", "number, `champion`, `challenger` or the beginning of a digest")
    .action(async (argument: string | undefined, given: string | undefined, _, command) => {
      const options: GlobalOptions = command.optsWithGlobals();
      await lookAt(context, options, async ({ platform, width }) => {
        const [named, after] = argument === undefined ? [] : modelAndVersion(argument);
        const model = await modelNamed(platform, named);
        const name = given ?? after;
        const [newest] = name === undefined ? await platform.registry.versions(model) : [];
        const version = newest ?? (await versionNamed(platform, model, name ?? "1"));
        if (version.leaderboard === undefined)
          throw new MillwrightError(
            "not_found",
            `Version ${version.number} of ${model} was made elsewhere: no race was run for it. See: millwright show ${model}@${version.number}`,
          );
        const board = JSON.parse(
          Buffer.from(await platform.blobs.get(version.leaderboard)).toString("utf8"),
        ) as Leaderboard;
        const evaluation = await platform.evaluationOf(version);
        const { aliases } = await versionView(platform, version);
        return {
          lines: renderLeaderboard(
            { model, number: version.number, aliases, leaderboard: board, evaluation },
            width,
          ),
          result: { model, version: version.number, id: version.id, ...board, evaluation },
        };
      });
    });
};
