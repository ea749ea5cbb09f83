/**
 * Our models against the usual ones, on real data: the platform as it comes, nothing set by hand. Writes RESULTS.md.
 *   PYTHON=python3 node bench/quality/run.mjs --data <folder of datasets> [--only telco] [--scratch <folder>]
 * Without PYTHON (lightgbm, scikit-learn, pandas) only the values quoted in sets.ts are compared with. `--only` writes nothing.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const { values: given } = parseArgs({
  options: { data: { type: "string" }, only: { type: "string" }, scratch: { type: "string" } },
});
if (!given.data) {
  console.error("Which folder holds the datasets? node bench/quality/run.mjs --data <folder>");
  process.exit(2);
}
await import("../../scripts/build.mjs");
const outfile = "dist/bench/quality.mjs";
await build({
  ...{ entryPoints: ["bench/quality/ours.ts"], outfile, bundle: true, format: "esm" },
  ...{ platform: "node", packages: "external", logLevel: "warning" },
});

const folder = given.scratch ?? mkdtempSync(join(tmpdir(), "bench-quality-"));
const child = spawn("node", [outfile, given.data, folder, given.only ?? ""], {
  stdio: ["ignore", "pipe", "inherit"],
});
const results = [];
for await (const line of createInterface({ input: child.stdout })) {
  const result = JSON.parse(line);
  results.push(result);
  console.log(`\n${result.name}: ${result.winner}\n  ${result.reason}`);
  for (const row of result.board) console.log(`    ${row}`);
  for (const row of rowsOf(result)) console.log(`  ${row.text}`);
  const { newcomer: n } = result;
  if (n)
    console.log(
      `  init ${n.initSeconds.toFixed(1)} s, train ${n.trainSeconds.toFixed(1)} s: ${n.decision}; ${n.test}; predict ${n.answerSeconds.toFixed(1)} s: ${n.answer}`,
    );
  console.log(
    `  race ${result.seconds.race.toFixed(1)} s, fit ${result.seconds.fit.toFixed(1)} s; left out as leaks: ${result.leaks.join(", ") || "nothing"}; same file with 1 thread and with 2: ${result.sameBytes}`,
  );
}
if (!given.scratch) rmSync(folder, { recursive: true });
if (child.exitCode !== 0 && (await new Promise((done) => child.on("exit", done))) !== 0)
  process.exit(1);

function mean(parts, metric) {
  return parts.reduce((sum, values) => sum + values[metric], 0) / parts.length;
}

function rowsOf(result) {
  return result.metrics.map(({ metric, quoted, allowed }) => {
    const ours = mean(result.equal, metric);
    const served = mean(result.served, metric);
    const peer = result.peer.length
      ? mean(
          result.peer.map((p) => p.values),
          metric,
        )
      : undefined;
    const sign = metric === "mae" ? -1 : 1;
    // The harder of the two.
    const bars = [peer, quoted].filter((bar) => bar !== undefined);
    const bar = sign * Math.max(...bars.map((b) => sign * b));
    const behind = sign * (bar - ours);
    const room = allowed && (allowed.as === "points" ? allowed.by : allowed.by * Math.abs(bar));
    const pass = room === undefined ? undefined : behind <= room;
    const digits = metric === "mae" ? 1 : 4;
    const show = (x) => (x === undefined ? "" : x.toFixed(digits));
    const difference = `${sign * (ours - bar) >= 0 ? "+" : "−"}${show(Math.abs(ours - bar))}`;
    const bound =
      allowed === undefined
        ? ""
        : allowed.as === "points"
          ? `−${allowed.by}`
          : `−${100 * allowed.by} %`;
    return {
      pass,
      cells: [metric, show(ours), show(served), show(peer), show(quoted), difference, bound],
      verdict: pass === undefined ? "" : pass ? "pass" : "**fail**",
      text: `${metric}: ours ${show(ours)} (as deployed ${show(served)}), peer ${show(peer) || "-"}, quoted ${show(quoted)}: ${difference} ${pass === undefined ? "" : pass ? "pass" : "FAIL"}`,
    };
  });
}

const failed = results.flatMap(rowsOf).filter((row) => row.pass === false).length;
console.log(`\n${failed === 0 ? "Everything passes" : `${failed} fail`}.`);
if (!given.only) writeFileSync("bench/quality/RESULTS.md", text());
process.exitCode = failed === 0 ? 0 : 1;

function text() {
  const versions = [...new Set(results.flatMap((r) => r.peer.map((p) => p.version)))];
  const splitOf = ({ split, parts }) =>
    split.kind === "folds"
      ? `${split.k}-fold cross-validation, stratified`
      : split.kind === "file"
        ? `official files, ${parts[0].rows} / ${parts[0].testRows} rows`
        : `${split.words} (${parts[0].rows} / ${parts[0].testRows} rows)`;
  const main = results.flatMap((result) =>
    rowsOf(result).map(
      ({ cells, verdict }, i) =>
        `| ${i === 0 ? result.name : ""} | ${[...cells, verdict].join(" | ")} |`,
    ),
  );
  const how = results.map(
    (r) =>
      `| ${r.name} | ${splitOf(r)} | ${r.winner.split(" ")[0]} | ${r.leaks.join(", ") || "none"} | ${r.seconds.race.toFixed(1)} | ${r.seconds.fit.toFixed(1)} | ${r.sameBytes ? "yes" : "**no**"} |`,
  );
  return `# Quality on real data

The platform as it comes against LightGBM (200 trees of 31 leaves, learning rate 0.05) on tables and TF-IDF with logistic regression on
texts: the same rows, the same run. Nothing is set by hand, except that the mail sets use the subject and the sender's domain alone, as their
baseline did. Columns that know the answer were found and left out by the platform; the peer was told.

Command: \`PYTHON=python3 node bench/quality/run.mjs --data <folder>\` on ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}, ${versions.join(", ")}, ${new Date().toISOString().slice(0, 10)}. The machine was shared (load at the end: ${loadavg()[0].toFixed(1)}).

- *ours*: the recipe that won the race, fitted on all training rows, as the peer is; the stored ONNX file is scored by the runtime that serves.
- *as deployed*: what a training run serves when it is given these training rows: without a time it keeps a fifth of them to judge itself by.
- *difference*: ours against the better of the peer here and the value measured before (*quoted*); + is better. *allowed*: how far it may
  fall behind.
- With folds, the race is run once, on the training part of the first fold; the winner is fitted on every fold.

| | metric | ours | as deployed | peer | quoted | difference | allowed | |
|---|---|---|---|---|---|---|---|---|
${main.join("\n")}

| | split | winner | called out as leaks | race, s | fit, s | same file with 1 and 2 threads |
|---|---|---|---|---|---|---|
${how.join("\n")}

## In an empty folder, nothing edited

\`millwright init <file> --target <column>\`, \`millwright train\`, \`millwright predict <every column of the first row>\`, on the whole file, each a
process of its own, with the default budget of 60 s for the race. \`train\` creates the database first. The test is the platform's own: the
newest fifth where there is a time, a random one elsewhere. The SMS file has no header line: its target is \`column1\`. The seven columns of faults of
the steel plates are folded into one first.

| | init, s | train, s | winner | test | decision | predict: first row | predict, s |
|---|---|---|---|---|---|---|---|
${results
  .filter((r) => r.newcomer)
  .map(({ name, newcomer: n }) => {
    const cells = [n.winner, n.test, n.decision, n.answer];
    return `| ${name.replace(/,.*/, "")} | ${n.initSeconds.toFixed(1)} | ${n.trainSeconds.toFixed(1)} | ${cells.join(" | ")} | ${n.answerSeconds.toFixed(1)} |`;
  })
  .join("\n")}

## Why the winner won

${results.map((r) => `- **${r.name}**: ${r.reason}`).join("\n")}
`;
}
