import { type PipelineRun, pipeline, process, score, train } from "millwright";
import { fetchMails } from "./fetch-mails.ts";

/** What is done every night, in steps. Each line of the body may be where the process dies: the next one goes on there. */
async function body(run: PipelineRun<{ day: string; ask: boolean }>) {
  const { day, ask } = run.params;
  // Nothing is trained twice: while code and data are the same, this finds the version there is.
  const trained = await run.step("train", train("spam", { reason: "every night" }));
  const mails = await run.step("fetch", fetchMails, { day }, { retries: 5, backoff: "10s" });
  if (mails.rows === 0) return { day, rows: 0 };

  if (ask && mails.rows > 50) {
    const said = await run.waitFor<{ go: boolean }>("many mails", "3d");
    if (!said?.go) return { day, rows: mails.rows, decision: "nobody agreed to so many mails" };
  }
  const out = `scores/${day}.csv`;
  const scored = await run.step("score", score("spam", { input: mails.file, out, forward: true }));
  const report = await run.step("report", {
    run: process({ command: ["node", "report.mjs"] }),
    params: { day, out },
    timeout: "10m",
  });
  return {
    ...{ day, version: trained.number, rows: scored.rows },
    ...{ forwarded: scored.forwarded?.rows ?? 0, ...report.metrics },
  };
}

export const nightly = pipeline("nightly", body, {
  schedule: { every: "day", at: "02:00" },
  params: { day: "2002-09-26", ask: false },
});
