/** RESULTS.md from the measurements. `node bench/serving/report.mjs [file.json …]` joins results that were made in pieces. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const median = (values) => {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

export function report({ about, cells }) {
  const groups = Map.groupBy?.(cells, keyOf) ?? groupBy(cells, keyOf);
  const parts = [];
  for (const [title, group] of groups) parts.push(`## ${title}`, "", ...tableOf(group), "");
  const missing = about.failed.map(
    ({ server, model, processes }) => `- ${server} did not start for ${model} with ${processes} processes`,
  );
  return `${[
    "# Serving: requests a second, latency, memory, CPU",
    "",
    `Command: \`${about.command}\` on ${about.machine}, Node ${about.node}, ${about.date}. Load generator: wrk, one thread, on the`,
    `same machine. Load average at the end: ${about.load.toFixed(1)}. Contenders are up side by side and measured in turns; figures are`,
    "medians of the rounds. CPU is that of the server's processes, per request: where the machine was shared, it says more than",
    "requests a second. Every contender was checked to say the same numbers for the same row before it was timed. `ours` has",
    "validation, routing, metrics and, without `nolog`, an fsynced record of every answer; the others have none of these.",
    "",
    ...parts,
    ...missing,
  ].join("\n")}\n`;
}

const keyOf = ({ model, processes, batch }) =>
  `${model}, ${batch} ${batch === 1 ? "row" : "rows"} a request, ${processes} ${processes === 1 ? "process" : "processes"}`;

function tableOf(group) {
  const connections = [...new Set(group.map((cell) => cell.connections))];
  const servers = [...new Set(group.map((cell) => cell.server))];
  const of = (server, c, field) =>
    median(group.filter((cell) => cell.server === server && cell.connections === c).map((cell) => cell[field]));
  const base = (c, name) => (servers.includes(name) ? of(name, c, "rps") : undefined);
  const lines = [
    `| | ${connections.map((c) => `${c} conn: req/s | p50 / p99 ms | CPU µs`).join(" | ")} | MB | bad | of echo | of node-ort |`,
    `|---|${"---|".repeat(connections.length * 3 + 4)}`,
  ];
  const last = connections.at(-1);
  const share = (value, of_) => (of_ === undefined ? "" : `${(value / of_).toFixed(2)}`);
  for (const server of servers) {
    const bad = group.filter((cell) => cell.server === server).reduce((sum, cell) => sum + cell.bad + cell.broken, 0);
    const echo = server.includes("rows") ? "echo-rows" : "echo";
    lines.push(
      `| ${server} | ${connections
        .map((c) => `${of(server, c, "rps").toFixed(0)} | ${of(server, c, "p50").toFixed(2)} / ${of(server, c, "p99").toFixed(1)} | ${of(server, c, "cpuMicros").toFixed(0)}`)
        .join(" | ")} | ${of(server, last, "memoryMb").toFixed(0)} | ${bad} | ${share(of(server, last, "rps"), base(last, echo))} | ${share(of(server, last, "rps"), base(last, "node-ort"))} |`,
    );
  }
  return lines;
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2);
  const all = (files.length > 0 ? files : ["bench/serving/RESULTS.json"]).map((file) => JSON.parse(readFileSync(file, "utf8")));
  const about = { ...all[0].about, failed: all.flatMap((one) => one.about.failed) };
  const text = report({ about, cells: all.flatMap((one) => one.cells) });
  writeFileSync("bench/serving/RESULTS.md", text);
  console.log(text);
}
