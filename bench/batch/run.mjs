/**
 * Batches, end to end: read a CSV file, make tokens or categories, run the model, write Parquet. Ours on one and two cores against
 * the usual Python tools doing the same job on the same rows; and our CSV reader against DuckDB's. From the repository root:
 *   PYTHON=python3 node bench/batch/run.mjs --data <folder> [--mails 200000] [--adults 1000000] [--repetitions 3] [--only mail|adult|csv]
 * The folder holds text/spamassassin_mail.csv.gz and fairness/adult_train.csv.gz (NOTICE says where they come from). The Python
 * needs pandas, pyarrow, scikit-learn and LightGBM. Cores are given with `taskset` (Linux). `--only` writes no RESULTS.md.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";

const option = (name, standard) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? standard : process.argv[at + 1];
};
const data = option("data");
if (!data) {
  console.error("Which folder holds the datasets? node bench/batch/run.mjs --data <folder>");
  process.exit(2);
}
const python = process.env.PYTHON ?? "python3";
const repetitions = Number(option("repetitions", 3));
const only = option("only");
const counts = { mail: Number(option("mails", 200_000)), adult: Number(option("adults", 1_000_000)) };
const main = resolve("dist/main.js");
const peers = resolve("bench/batch/peers.py");
const folder = mkdtempSync(join(tmpdir(), "bench-batch-"));
chmodSync(folder, 0o755);
const env = { ...process.env, DATABASE_URL: "", PYTHONWARNINGS: "ignore" };
const lastLine = (text) => JSON.parse(text.trim().split("\n").at(-1));
const onCores = (cores, command) =>
  lastLine(
    execFileSync("taskset", ["-c", cores === 1 ? "0" : "0,1", python, peers, "measure", ...command], {
      ...{ encoding: "utf8", env: { ...env, MILLWRIGHT_THREADS: String(cores) }, cwd: folder },
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );

/** xorshift32: the same files in every run. */
function chance(seed) {
  let s = seed;
  return (n) => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) % n;
  };
}

/** Cells of a CSV text, quotes as RFC 4180. */
function cellsOf(text) {
  const rows = [];
  let [row, at] = [[], 0];
  while (at < text.length) {
    let cell = "";
    if (text[at] === '"') {
      for (at++; ; ) {
        const q = text.indexOf('"', at);
        cell += text.slice(at, q);
        at = q + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at++;
      }
    } else {
      const end = text.slice(at).search(/[,\r\n]|$/);
      cell = text.slice(at, at + end);
      at += end;
    }
    row.push(cell);
    if (text[at] === ",") at++;
    else {
      rows.push(row);
      row = [];
      at += text[at] === "\r" ? 2 : 1;
    }
  }
  return rows;
}
const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Real mails again and again; from the second time on, an eighth of the words come from other mails. */
function writeMails(rows, path) {
  const [head, ...real] = cellsOf(rows);
  const texts = [head.indexOf("subject"), head.indexOf("body_head")];
  const words = real.flatMap((row) => texts.flatMap((t) => row[t].split(" ")));
  const draw = chance(7);
  const file = openSync(path, "w");
  writeSync(file, `${head.join(",")}\n`);
  for (let i = 0; i < counts.mail; i += 1000) {
    const lines = [];
    for (let k = i; k < Math.min(i + 1000, counts.mail); k++) {
      const row = [...real[k % real.length]];
      row[0] = `m${String(k).padStart(9, "0")}`;
      if (k >= real.length)
        for (const t of texts) {
          const own = row[t].split(" ");
          for (let n = 0; n <= own.length >> 3; n++) own[draw(own.length)] = words[draw(words.length)];
          row[t] = own.join(" ");
        }
      lines.push(row.map(quoted).join(","));
    }
    writeSync(file, `${lines.join("\n")}\n`);
  }
}

function writeAdults(rows, path) {
  const [head, ...real] = rows.trim().split(/\r?\n/);
  const file = openSync(path, "w");
  writeSync(file, `id,${head}\n`);
  for (let i = 0; i < counts.adult; i += 1000) {
    const lines = [];
    for (let k = i; k < Math.min(i + 1000, counts.adult); k++) {
      const cells = real[k % real.length].split(",");
      cells[2] = String(Number(cells[2]) + (k % 1000));
      lines.push(`a${String(k).padStart(9, "0")},${cells.join(",")}`);
    }
    writeSync(file, `${lines.join("\n")}\n`);
  }
}

/** Other bytes, the same work: what is known already would be answered at once. */
function touch(path, repetition) {
  const file = openSync(path, "r+");
  const at = readFileSync(path).indexOf(10) + 2;
  writeSync(file, String(repetition), at);
}

const real = {
  mail: gunzipSync(readFileSync(join(data, "text/spamassassin_mail.csv.gz"))).toString("utf8"),
  adult: gunzipSync(readFileSync(join(data, "fairness/adult_train.csv.gz"))).toString("utf8"),
};
writeFileSync(join(folder, "mail.csv"), real.mail);
writeFileSync(join(folder, "adult.csv"), real.adult);
const project = {
  datasets: { mail: { source: "mail.csv", key: "id", time: "received_at" }, adult: { source: "adult.csv" } },
  models: {
    mail: {
      ...{ dataset: "mail", target: "label", positive: "spam", onlyListed: true },
      features: Object.fromEntries(
        [["subject", "text"], ["body_head", "text"], ["sender_domain", "category"], ["has_html", "numeric"], ["n_urls", "numeric"]].map(
          ([name, role]) => [name, { role }],
        ),
      ),
      train: { budget: "20s", trainers: ["linear"] },
    },
    adult: { dataset: "adult", target: "income", positive: ">50K", train: { budget: "20s", trainers: ["gbdt"] } },
  },
};
writeFileSync(join(folder, "millwright.config.ts"), `export default ${JSON.stringify(project)};\n`);
const quiet = { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] };
const tasks = ["mail", "adult"].filter((task) => only === undefined || only === task || only === "csv");
for (const task of tasks) {
  (task === "mail" ? writeMails : writeAdults)(real[task], join(folder, `${task}s.csv`));
  if (only === "csv") continue;
  execFileSync("node", [main, "train", task, "--quiet"], quiet);
  execFileSync(python, [peers, "train", task, `${task}.csv`, `${task}.pickle`], quiet);
}

const results = new Map();
const note = (name, result) => {
  results.set(name, [...(results.get(name) ?? []), result]);
  console.log(name.padEnd(28), `wall ${result.wall.toFixed(1)} s, CPU ${result.cpu.toFixed(1)} s, ${Math.round(result.mb)} MB`);
};
const scored = only === "csv" ? [] : tasks;
for (let r = 0; r < repetitions; r++)
  for (const task of scored)
    for (const cores of [1, 2]) {
      touch(join(folder, `${task}s.csv`), 2 * r + cores);
      const ours = ["node", main, "score", task, `${task}s.csv`, "-o", `${task}.parquet`, "--quiet"];
      note(`${task}, ours, ${cores}`, onCores(cores, [...ours, "--workers", String(cores)]));
      const theirs = [peers, "score", task, `${task}s.csv`, `${task}.pickle`, "peer.parquet", String(cores)];
      note(`${task}, peer, ${cores}`, onCores(cores, [python, ...theirs]));
    }

const csv = resolve("dist/bench/batch-csv.mjs");
await build({
  ...{ entryPoints: ["bench/batch/csv.ts"], outfile: csv, bundle: true, format: "esm", platform: "node" },
  ...{ packages: "external", logLevel: "warning" },
});
const COLUMN = { mail: "n_urls", adult: "fnlwgt" };
if (only === undefined || only === "csv")
  for (let r = 0; r < repetitions; r++)
    for (const task of tasks) {
      const sums = new Set();
      for (const [who, threads] of [["ours", 1], ["duckdb", 1], ["duckdb", 2]]) {
        const command = ["-c", threads === 1 ? "0" : "0,1", "node", csv, who, join(folder, `${task}s.csv`), COLUMN[task], String(threads)];
        const result = lastLine(execFileSync("taskset", command, { encoding: "utf8" }));
        note(`csv ${task}, ${who}, ${threads}`, result);
        sums.add(`${result.rows} ${result.sum}`);
      }
      if (sums.size > 1) throw new Error(`the readers differ: ${[...sums].join(" and ")}`);
    }
const sizes = Object.fromEntries(tasks.map((task) => [task, readFileSync(join(folder, `${task}s.csv`)).length / 1e6]));
execFileSync("node", ["-e", ""]);
rmSync(folder, { recursive: true, force: true });

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const of = (name, key) => median(results.get(name).map((result) => result[key]));
const thousands = (n) => Math.round(n).toLocaleString("en-US");
const line = (task, who, cores) => {
  const name = `${task}, ${who}, ${cores}`;
  return `| ${task} | ${who} | ${cores} | ${of(name, "wall").toFixed(1)} | ${of(name, "cpu").toFixed(1)} | ${thousands(counts[task] / of(name, "wall"))} | ${thousands((counts[task] / of(name, "cpu")) * cores)} | ${Math.round(of(name, "mb"))} |`;
};
const csvLine = (task, who, threads) => {
  const name = `csv ${task}, ${who}, ${threads}`;
  return `| ${task} | ${who} | ${threads} | ${of(name, "wall").toFixed(2)} | ${of(name, "cpu").toFixed(2)} | ${thousands(sizes[task] / of(name, "wall"))} | ${Math.round(of(name, "mb"))} |`;
};
const table = scored.flatMap((task) => [1, 2].flatMap((cores) => ["ours", "peer"].map((who) => line(task, who, cores))));
const csvTable = [...results.keys()].some((name) => name.startsWith("csv"))
  ? tasks.flatMap((task) => [["ours", 1], ["duckdb", 1], ["duckdb", 2]].map(([who, threads]) => csvLine(task, who, threads)))
  : [];
const text = `# Batches: rows a second from CSV file to Parquet file

${thousands(counts.mail)} mails (${Math.round(sizes.mail ?? 0)} MB: real ones of 2001-02 again and again, an eighth of the words exchanged; 16 columns, some with line breaks in quotes),
${thousands(counts.adult)} census rows (${Math.round(sizes.adult ?? 0)} MB, 16 columns). Ours: \`millwright score\` with everything it does: start of the program and of its
database connection, digest of the source, cutting, scoring, durable parts, one Parquet file. Peer: pyarrow reads the CSV, scikit-learn
(TF-IDF of the same tokens, logistic regression) or LightGBM (245 trees) predicts, pyarrow writes Parquet; as many processes (text) or
threads (trees) as cores. Cores by \`taskset\`. Medians of ${repetitions}. MB = the largest process. "rows/s by CPU" = what the CPU seconds would
give on cores of one's own: the machine was shared.

Command: \`PYTHON=python3 node bench/batch/run.mjs --data <folder>\` on ${cpus().length} x ${cpus()[0].model}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}; load at the end ${loadavg()[0].toFixed(1)}.

| job | who | cores | wall s | CPU s | rows/s | rows/s by CPU | MB |
|---|---|---|---|---|---|---|---|
${table.join("\n")}

The target, 20 million mails within an hour on two cores, is 5,600 rows/s.

## Reading CSV: ours against DuckDB's reader

Every cell cut and kept as text, one column summed; ours includes looking at every byte before (digest, encoding, dialect) and
knows the line of each row. Both give the same rows and the same sum.

| file | who | threads | wall s | CPU s | MB/s | MB |
|---|---|---|---|---|---|---|
${csvTable.join("\n")}
`;
if (only === undefined) writeFileSync("bench/batch/RESULTS.md", text);
else console.log(text);
