/** Reads a CSV file to the end and sums a column: `csv.mjs ours|duckdb <file> <column> <threads>`. Last line: rows, sum, seconds. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { cellNumber } from "../../src/table/cell.ts";

const [who = "", file = "", column = "", threads = "1"] = process.argv.slice(2);

async function ours() {
  const scratch = mkdtempSync(join(tmpdir(), "bench-csv-"));
  const columns = await duckdbColumns({ scratch });
  // Looking at every byte (digest, encoding, dialect) comes before reading, and counts.
  const source = await columns.inspect({ uri: resolve(file), folder: "/" });
  const at = source.names.indexOf(column);
  let [rows, sum] = [0, 0];
  for await (const block of columns.blocks(source)) {
    rows += block.rows;
    for (let r = 0; r < block.rows; r++) sum += cellNumber(block, r * block.width + at) || 0;
  }
  await columns.close();
  rmSync(scratch, { recursive: true });
  return { rows, sum };
}

async function duckdb() {
  const instance = await DuckDBInstance.create(":memory:", { threads });
  const connection = await instance.connect();
  // Every cell is cut and kept as text, as ours does; one becomes a number.
  const path = `'${resolve(file).replaceAll("'", "''")}'`;
  const names = (
    await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_csv(${path}, all_varchar = true)`)
  )
    .getRows()
    .map(([name]) => `"${String(name).replaceAll('"', '""')}"`);
  const touched = names.map((name) => `sum(length(${name}))`).join(", ");
  const found = await connection.runAndReadAll(
    `SELECT count(*), sum(coalesce(try_cast("${column}" AS DOUBLE), 0)), ${touched} FROM read_csv(${path}, all_varchar = true)`,
  );
  const [rows, sum] = found.getRows()[0]!;
  return { rows: Number(rows), sum: Number(sum) };
}

const started = performance.now();
const result = await (who === "ours" ? ours() : duckdb());
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
process.stdout.write(
  `${JSON.stringify({ ...result, wall: (performance.now() - started) / 1000, cpu: (userCPUTime + systemCPUTime) / 1e6, mb: maxRSS / 1024 })}\n`,
);
process.exit(0);
