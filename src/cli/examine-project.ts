import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config.ts";
import { loadUserCode } from "../engine/user-code.ts";
import { checkProject } from "../pipelines/check-project.ts";
import type { ProjectDefinition } from "../pipelines/project.ts";
import { findFiles } from "../storage/columns/source-files.ts";
import { type Finding, finding } from "./finding.ts";
import { counted } from "./render-text.ts";

const FILE = "millwright.config.ts";

/** The project file, and whether the data it names is there. */
export async function examineProject({ project, dataDir }: Config): Promise<Finding[]> {
  const file = join(project, FILE);
  if (!existsSync(file)) return [noProject(project)];
  let definition: ProjectDefinition | undefined;
  const checked = await finding("project", `Correct ${file}.`, async () => {
    const code = await loadUserCode(file, join(dataDir, "code"));
    definition = checkProject(code.value, FILE, code.source);
    const models = Object.keys(definition.models).length;
    const datasets = Object.keys(definition.datasets).length;
    return {
      state: "ok",
      message: `${file}: ${counted(models, "model")}, ${counted(datasets, "dataset")}`,
    };
  });
  return definition ? [checked, await sources(definition, project)] : [checked];
}

function noProject(folder: string): Finding {
  const name = "project";
  for (let at = dirname(folder); dirname(at) !== at; at = dirname(at))
    if (existsSync(join(at, FILE)))
      return {
        ...{ name, state: "warn", message: `none in ${folder}, but there is one in ${at}` },
        fix: `Go there, or add --project ${at}`,
      };
  return {
    ...{ name, state: "skip", message: `none in ${folder}` },
    fix: "Make one: millwright init <data file> --target <column>",
  };
}

const sources = (definition: ProjectDefinition, folder: string) =>
  finding(
    "sources",
    "Correct `source` in the project file: it is relative to the project.",
    async () => {
      let files = 0;
      for (const { source } of Object.values(definition.datasets))
        files += (await findFiles({ uri: source, folder })).length;
      return { state: "ok", message: `${counted(files, "data file")} found` };
    },
  );
