import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { nodeFinding } from "./examine-host.ts";
import { examinePorts } from "./examine-network.ts";
import { examineProject } from "./examine-project.ts";
import { locksIn } from "./examine-storage.ts";
import type { Finding } from "./finding.ts";
import { renderDoctor } from "./render-doctor.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-doctor-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string): string => {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
};

test.each([
  ["20.18.3", "fail"],
  ["20.19.0", "ok"],
  ["22.4.1", "ok"],
  ["18.20.8", "fail"],
])("Node %s: %s", (version, state) => {
  expect(nodeFinding(version).state).toBe(state);
});

describe("ports", () => {
  test("a port that another program has is called out with what to do", async () => {
    const server = createServer((socket) => socket.end("not http"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const config = readConfig(
      { MILLWRIGHT_PORT: String(port), MILLWRIGHT_GATEWAY_PORT: "0" },
      folder,
    );
    const [console, gateway] = await examinePorts(config);
    server.close();
    expect(console).toMatchObject({
      state: "warn",
      fix: expect.stringContaining("MILLWRIGHT_PORT"),
    });
    expect(gateway).toMatchObject({ state: "ok" });
  });
});

describe("locks", () => {
  const DEAD = 2 ** 22 + 1;

  test("of living processes are fine, those of dead ones are explained", () => {
    const data = inFolder("locks");
    expect(locksIn(data)).toEqual([]);
    writeFileSync(join(data, "up.pid"), String(process.pid));
    expect(locksIn(data).map((f) => f.state)).toEqual(["ok"]);
    writeFileSync(join(data, "up.pid"), String(DEAD));
    mkdirSync(join(data, "postgres", "starting.lock"), { recursive: true });
    writeFileSync(join(data, "postgres", "starting.lock", "pid"), String(DEAD));
    expect(locksIn(data).map((f) => f.state)).toEqual(["warn", "warn"]);
    for (const { fix } of locksIn(data)) expect(fix).toContain("Nothing to do");
  });
});

describe("the project", () => {
  const examine = (name: string) => examineProject(readConfig({}, inFolder(name)));
  const write = (name: string, project: string) =>
    writeFileSync(join(inFolder(name), "millwright.config.ts"), `export default ${project};\n`);

  test("may be absent", async () => {
    expect(await examine("nothing")).toMatchObject([{ state: "skip" }]);
  });

  test("is looked for further up", async () => {
    write("above", "{ datasets: {}, models: {} }");
    const [found] = await examine("above/data");
    expect(found).toMatchObject({ state: "warn", fix: expect.stringContaining("--project") });
  });

  test("that is wrong is told with its line", async () => {
    write("wrong", "{\n  datasets: {},\n  models: {\n    m: { dataset: 'd', target: 3 },\n  },\n}");
    const [found] = await examine("wrong");
    expect(found).toMatchObject({ state: "fail", message: expect.stringContaining(".ts:4") });
  });

  test("names data that has to be there", async () => {
    write("data", "{ datasets: { d: { source: 'd.csv' } }, models: {} }");
    expect((await examine("data"))[1]).toMatchObject({ state: "fail" });
    writeFileSync(join(folder, "data", "d.csv"), "a\n1\n");
    expect((await examine("data"))[1]).toMatchObject({ state: "ok", message: "1 data file found" });
  });
});

test("findings are told one by one, with what to do under them", () => {
  const findings: Finding[] = [
    { name: "Node", state: "ok", message: "20.19.0" },
    { name: "project", state: "skip", message: "none in /srv", fix: "Make one" },
    { name: "ports", state: "warn", message: "7400 is taken", fix: "Choose another" },
  ];
  const text = (list: Finding[]) => renderDoctor(list, 80).map(stripVTControlCharacters).join("\n");
  expect(text(findings)).toMatchInlineSnapshot(`
    "
      ✓ Node     20.19.0
      – project  none in /srv
                 Make one
      ! ports    7400 is taken
                 Choose another

    Ready, with 1 remark"
  `);
  expect(text([findings[0]!])).toContain("Everything is in order");
  const failed: Finding = { name: "x", state: "fail", message: "no" };
  expect(text([...findings, failed])).toContain("1 problem and 1 remark");
});
