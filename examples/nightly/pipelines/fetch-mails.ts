import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { StepTools } from "millwright";

/** Stands in for a mail server: takes one day out of the archive, without its truth. Repeating it writes the same file. */
export async function fetchMails({ day }: { day: string }, { folder, progress }: StepTools) {
  progress(`mails of ${day}`);
  const archive = await readFile(join(folder, "../mail/data/mail.csv.gz"));
  const [head = "", ...rows] = gunzipSync(archive).toString("utf8").trim().split("\n");
  const found = rows.filter((row) => row.split(",")[1]?.startsWith(day));
  const withoutTruth = [head, ...found].map((row) => row.slice(0, row.lastIndexOf(",")));
  const file = `inbox/${day}.csv`;
  await mkdir(join(folder, "inbox"), { recursive: true });
  await writeFile(join(folder, file), `${withoutTruth.join("\n")}\n`);
  return { file, rows: found.length };
}
