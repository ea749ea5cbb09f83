/**
 * The architecture, as a test. Reads every source file and lists each broken rule
 * with the file that breaks it. The rules are explained in ARCHITECTURE.md.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";

/** Bottom to top. A file may import its own folder and any folder to the left of it. */
const LAYERS = [
  "errors.ts",
  "lib",
  "table",
  "stats",
  "onnx",
  "storage",
  "runtime",
  "engine",
  "http",
  "grpc",
  "access",
  "tracking",
  "datasets",
  "features",
  "training",
  "evaluation",
  "explanation",
  "families",
  "registry",
  "serving",
  "scoring",
  "monitoring",
  "reviews",
  "pipelines",
  "config.ts",
  "log.ts",
  "compute.ts",
  "run-thread.ts",
  "pipeline-thread.ts",
  "gateway",
  "gateway.ts",
  "mlflow-api",
  "app.ts",
  "control.ts",
  "index.ts",
  "testing",
  "cli",
  "main.ts",
];
const SUBSTRATE = new Set(["storage", "runtime", "engine", "http", "grpc"]); // siblings: they do not know each other
const HOST =
  /^src\/(storage|runtime|engine|http|grpc|gateway|mlflow-api|cli|testing)\/|^src\/(main|compute|run-thread|pipeline-thread|gateway|control|app|config|log)\.ts$/;
const ROLE = new Set(["store.ts", "routes.ts", "methods.ts"]);
const COMPOSES = new Set([
  "app.ts",
  "compute.ts",
  "mlflow-api",
  "control.ts",
  "gateway",
  "gateway.ts",
]); // one per kind of process: they build the stores
const MAX_LINES = 400;

const problems = [];
const sources = (dir) =>
  !existsSync(dir)
    ? []
    : readdirSync(dir, { recursive: true, encoding: "utf8" })
        .filter((f) => /\.tsx?$/.test(f) && !/\.(test|gen|as)\.tsx?$|\.d\.ts$/.test(f))
        .map((f) => join(dir, f));
const files = sources("src");
const layerOf = (file) => file.split("/")[1] ?? "";
const camel = (s) => s.replace(/-(\w)/g, (_, c) => c.toUpperCase());

/** Pipelines (ours, and what people write), their port and their triggers tell what happens in which order: asynchronous by nature. */
const isStory = (file, code) =>
  layerOf(file) === "pipelines" &&
  (/\): Pipeline</.test(code) ||
    ["platform.ts", "pipeline.ts", "triggers.ts"].includes(basename(file)));

for (const file of files) {
  const text = readFileSync(file, "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const say = (rule) => problems.push(`${file}: ${rule}`);

  if (text.split("\n").length > MAX_LINES) say(`over ${MAX_LINES} lines`);
  if (!LAYERS.includes(layerOf(file))) say(`'${layerOf(file)}' is not a known layer`);
  if (/(^|-)(utils?|helpers?|common|misc|manager)(-|\.ts$)/.test(basename(file)))
    say("says nothing: rename it after what it holds");

  for (const [, type, spec] of code.matchAll(/import\s+(type\s)?[^"]*?from\s+"(\.[^"]+)"/g)) {
    const target = normalize(join(dirname(file), spec ?? ""));
    const [from, to] = [layerOf(file), layerOf(target)];
    if (from === to) continue;
    if (LAYERS.indexOf(to) > LAYERS.indexOf(from)) say(`imports upward: ${target}`);
    if (SUBSTRATE.has(from) && SUBSTRATE.has(to) && !type) say(`${from} must not depend on ${to}`);
    if (ROLE.has(basename(target)) && !type && !COMPOSES.has(from))
      say(`reaches into ${target}; go through its verb`);
  }

  if (HOST.test(file)) continue;
  const impure = code.match(/\b(Date\.now|Math\.random|new Date\(\)|process\.env|console\.)/);
  if (impure) say(`uses ${impure[1]}: take a clock, an rng or a log from the caller`);
  const name = basename(file, ".ts");
  const isVerb = new RegExp(`export async function\\*? ${camel(name)}\\b`).test(code);
  const touches = /\b(async|await|Promise<)/.test(code);
  if (touches && !isVerb && !ROLE.has(basename(file)) && !isStory(file, code))
    say("is asynchronous but is neither a verb nor a store");
}

/** The sdk and the web stand alone: no path may leave them, and the web knows only the sdk. */
for (const [dir, foreign] of [
  ["sdk/src", /^node:/],
  ["web/src", /^node:|^@millwright\/(?!sdk)/],
])
  for (const file of sources(dir))
    for (const [, spec = ""] of readFileSync(file, "utf8").matchAll(/from\s+"([^"]+)"/g)) {
      const leaves = spec.startsWith(".") && !normalize(join(dirname(file), spec)).startsWith(dir);
      if (leaves || foreign.test(spec)) problems.push(`${file}: must not import ${spec}`);
    }

/**
 * A folder with an `all.ts` is a plug-in family: every member must be listed there. In `cli` and `pipelines`, whose folders hold
 * more than members, a member is what declares itself one.
 */
const DECLARES = { "src/cli": /: CommandOf = /, "src/pipelines": /\): Pipeline</ };
for (const all of files.filter((f) => basename(f) === "all.ts")) {
  const listed = readFileSync(all, "utf8");
  const declares = DECLARES[dirname(all)];
  for (const member of files.filter((f) => dirname(f) === dirname(all) && f !== all)) {
    if (declares && !declares.test(readFileSync(member, "utf8"))) continue;
    if (!listed.includes(`./${basename(member)}`)) problems.push(`${member}: not listed in ${all}`);
  }
}

if (problems.length > 0) {
  process.stderr.write(`${problems.join("\n")}\n`);
  process.exit(1);
}
