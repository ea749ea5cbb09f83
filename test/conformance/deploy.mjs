/**
 * deploy/kubernetes: every manifest against the schemas of Kubernetes, strictly; what they start with the program, started so; what they
 * probe, asked. Needs python3 with venv. Ends with "N passed, N failed".
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";
import { python } from "./python.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const deploy = join(root, "deploy/kubernetes");
const main = join(root, "dist/main.js");
const own = python([join(root, "test/conformance/deploy/requirements.txt")]);
const folder = mkdtempSync(join(tmpdir(), "millwright-deploy-"));
chmodSync(folder, 0o755);
let passed = 0;
let failed = 0;
const check = (what, holds, shown) => {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds ? "" : `: ${JSON.stringify(shown)}`}`);
  if (holds) passed++;
  else failed++;
};

const { resources } = parse(readFileSync(join(deploy, "kustomization.yaml"), "utf8"));
const all = [];
for (const file of [...resources, "secret-example.yaml"]) {
  const path = join(deploy, file);
  const { status, stdout, stderr } = spawnSync(join(dirname(own), "kubernetes-validate"), ["--strict", path], { encoding: "utf8" });
  check(`${file} is what Kubernetes expects, and nothing else`, status === 0, stdout + stderr);
  all.push(...parseAllDocuments(readFileSync(path, "utf8")).map((one) => one.toJS()));
}
const named = (kind, name) => all.find((one) => one.kind === kind && one.metadata.name === name);
const config = named("ConfigMap", "millwright").data;
const secret = named("Secret", "millwright").stringData;
const known = readFileSync(join(root, "src/config.ts"), "utf8");
const unknown = Object.keys({ ...config, ...secret }).filter((name) => !name.startsWith("AWS_") && !known.includes(`${name}:`));
check("every variable is one of ours", unknown.length === 0, unknown);

const refers = (name, kinds) => kinds.some((kind) => named(kind, name));
for (const workload of all.filter(({ kind }) => ["Deployment", "StatefulSet"].includes(kind))) {
  const { name } = workload.metadata;
  const { spec, metadata } = workload.spec.template;
  const label = metadata.labels["app.kubernetes.io/component"];
  check(`${name} selects its own pods`, workload.spec.selector.matchLabels["app.kubernetes.io/component"] === label, workload.spec.selector);
  check(`${name} has an account that there is`, refers(spec.serviceAccountName, ["ServiceAccount"]), spec.serviceAccountName);
}
for (const { kind, metadata, spec } of all)
  if (kind === "HorizontalPodAutoscaler") check(`${metadata.name} scales what there is`, refers(spec.scaleTargetRef.name, [spec.scaleTargetRef.kind]), spec);
const ports = (name, kind = "Deployment") => named(kind, name).spec.template.spec.containers[0].ports.map(({ containerPort }) => containerPort);
check("the ports are the program's", JSON.stringify([ports("millwright-control"), ports("millwright-gateway", "StatefulSet")]) === "[[7400],[7401,7402]]");

// As the pods would be: project read-only, data elsewhere. Only addresses differ.
const project = join(folder, "project");
mkdirSync(project);
writeFileSync(join(project, "millwright.config.ts"), named("ConfigMap", "millwright-project").data["millwright.config.ts"]);
chmodSync(project, 0o555);
const env = {
  ...process.env,
  ...config,
  ...{ MILLWRIGHT_TOKEN: secret.MILLWRIGHT_TOKEN, MILLWRIGHT_SECRET_KEY: secret.MILLWRIGHT_SECRET_KEY },
  ...{ MILLWRIGHT_HOST: "127.0.0.1", MILLWRIGHT_PORT: "17420", MILLWRIGHT_GATEWAY_PORT: "17421", MILLWRIGHT_GRPC_PORT: "17422" },
  ...{ MILLWRIGHT_DATA: join(folder, "data"), MILLWRIGHT_GATEWAY_DRAIN_SECONDS: "0", NO_COLOR: "1" },
};
const started = [];
try {
  for (const name of ["control", "worker", "gateway"]) {
    const { args, ...container } = (named("Deployment", `millwright-${name}`) ?? named("StatefulSet", `millwright-${name}`)).spec.template.spec.containers[0];
    const child = spawn(process.execPath, [main, ...args.map((arg) => arg.replace("/project", project))], { env, stdio: ["ignore", "pipe", "pipe"] });
    started.push(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    for (let tries = 0; !output.includes(`${name} is ready`) && child.exitCode === null && tries < 600; tries++) await pause(100);
    check(`${name} starts with the arguments of its pod`, output.includes(`${name} is ready`), output.slice(-500));
    const port = name === "control" ? 17420 : 17421;
    for (const kind of ["startupProbe", "livenessProbe", "readinessProbe"]) {
      const path = container[kind]?.httpGet.path;
      if (path === undefined) continue;
      let answer;
      for (let tries = 0; answer !== 200 && tries < 100; tries++, await pause(100))
        answer = await fetch(`http://127.0.0.1:${port}${path}`).then(({ status }) => status, () => 0);
      check(`the ${kind} of ${name} is answered, without a token`, answer === 200, [path, answer]);
    }
  }
} finally {
  for (const child of started.reverse()) {
    child.kill("SIGTERM");
    if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
