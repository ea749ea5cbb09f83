import { mkdir, realpath } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { MillwrightError } from "../../errors.ts";
import { findFiles } from "./source-files.ts";

const DATA = /\.((csv|tsv|tab|txt|data|jsonl|ndjson|json)(\.gz)?|parquet|pq)$/i;

/**
 * Throws `forbidden` unless every file a source names lies in `folder`, also behind symbolic links, is not hidden (`.millwright`,
 * `.env`), and is a data file by its name. For sources that come from the network.
 */
export async function checkInside(uri: string, folder: string): Promise<void> {
  const refuse = (why: string): never => {
    throw new MillwrightError(
      "forbidden",
      `source '${uri}' ${why}; over the API only data files in the project's folder are read. Name one, such as data/rows.csv`,
    );
  };
  if (isAbsolute(uri) || /(^|[\\/])\.\.([\\/]|$)/.test(uri)) refuse("leads out of the project");
  const root = await realpath(folder);
  for (const { path } of await findFiles({ uri, folder })) {
    const found = relative(root, await realpath(path));
    if (isAbsolute(found) || found.startsWith("..")) refuse("leads out of the project");
    if (`/${found}`.replaceAll("\\", "/").includes("/.")) refuse("is hidden");
    if (!DATA.test(found)) refuse("is no data file by its name");
  }
}

/** The path of a result in the folder `scores` of a project, which is made. */
export async function resultInside(name: string, folder: string): Promise<string> {
  const scores = join(folder, "scores");
  await mkdir(scores, { recursive: true });
  const [root, made] = [await realpath(folder), await realpath(scores)];
  if (made !== join(root, "scores"))
    throw new MillwrightError("forbidden", `${scores} is a link to elsewhere; remove it.`);
  return join(scores, name);
}
