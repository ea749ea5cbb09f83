import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { graph } from "../onnx/graph.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { duckdbColumns } from "../storage/columns/duckdb.ts";
import { numberColumn } from "../table/table.ts";
import { type Finding, finding } from "./finding.ts";

const NEEDED = [20, 19] as const;
const LITTLE_MEMORY_BYTES = 1.5 * 2 ** 30;

/** What the program stands on: Node, the machine, and the two native libraries. */
export async function examineHost(): Promise<Finding[]> {
  return [node(), machine(), await runtime(), await columns()];
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  return {
    name: "Node",
    state: enough ? "ok" : "fail",
    message: version,
    ...(enough
      ? {}
      : { fix: `Install Node ${NEEDED.join(".")} or newer (20, 22 and 24 are tested).` }),
  };
}

const node = () => nodeFinding(process.versions.node);

function machine(): Finding {
  const { platform, arch } = process;
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GB memory`;
  const message = `${platform} ${arch}, ${availableParallelism()} CPUs, ${memory}`;
  if (platform === "linux" && !usesGlibc())
    return {
      ...{ name: "machine", state: "warn", message: `${message}, without glibc (Alpine?)` },
      fix: "The embedded PostgreSQL needs glibc: use a Debian or Fedora based image, or set DATABASE_URL.",
    };
  if (totalmem() < LITTLE_MEMORY_BYTES)
    return {
      ...{ name: "machine", state: "warn", message },
      fix: "Training may run out of memory: 2 GB or more are recommended.",
    };
  return { name: "machine", state: "ok", message };
}

function usesGlibc(): boolean {
  const { report } = process;
  const seen = report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return seen?.header === undefined || seen.header.glibcVersionRuntime !== undefined;
}

/** y = 2x + 1, through the whole way a model takes. */
const runtime = () =>
  finding("models", "Reinstall: npm ci", async () => {
    const library = await onnxRuntime();
    const g = graph();
    const x = g.input("x", "float32", ["N", 1]);
    const doubled = g.node("Mul", [x, g.constant("float32", [1], [2])]);
    g.node("Add", [doubled, g.constant("float32", [1], [1])], {}, { outputs: ["value"] });
    g.output("value", "float32", ["N", 1]);
    const model = g.encode({
      task: "regression",
      target: "y",
      classes: [],
      columns: [{ name: "x", role: "numeric" }],
    });
    const session = await library.load(model);
    try {
      const feeds = { x: { type: "float32", dims: [2, 1], data: Float32Array.of(1, 20) } } as const;
      const { value } = await session.run(feeds);
      if (value?.data[0] !== 3 || value.data[1] !== 41)
        return {
          ...{
            state: "fail",
            message: `${library.name} gives a wrong answer (2 * 20 + 1 = ${value?.data[1]})`,
          },
          fix: "Reinstall: npm ci",
        };
    } finally {
      await session.close();
    }
    if (library.name.startsWith("onnxruntime-node") || process.env.MILLWRIGHT_RUNTIME === "wasm")
      return { state: "ok", message: `${library.name} loads a model and answers` };
    return {
      ...{ state: "warn", message: `${library.name} answers; the native library cannot be loaded` },
      fix: "It works, but slower on large batches. For the native one, reinstall without --omit=optional.",
    };
  });

const columns = () =>
  finding("tables", "Reinstall: npm ci", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "millwright-doctor-"));
    try {
      const engine = await duckdbColumns({ scratch });
      const writer = await engine.writer([{ name: "x", type: "number" }]);
      await writer.append({ rows: 3, columns: new Map([["x", numberColumn([1, 2, 3])]]) });
      const { path } = await writer.finish();
      const { rows } = await engine.readTable(path);
      await engine.close();
      return rows === 3
        ? { state: "ok", message: "DuckDB writes and reads Parquet" }
        : { state: "fail", message: `DuckDB read ${rows} rows of 3`, fix: "Reinstall: npm ci" };
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
