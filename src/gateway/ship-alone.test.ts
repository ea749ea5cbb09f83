import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { quietLog } from "../testing/quiet-log.ts";
import { journalRoot } from "./prediction-log.ts";
import { shipAlone } from "./ship-alone.ts";

test("a shipper is started when a closed segment lies too long, once, and ends with the gateway", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "millwright-ship-alone-"));
  const entry = join(dataDir, "shipper.mjs");
  const [began, ended] = [join(dataDir, "began"), join(dataDir, "ended")];
  writeFileSync(
    entry,
    `import { appendFileSync } from "node:fs";
     appendFileSync(${JSON.stringify(began)}, process.argv[2]);
     process.once("disconnect", () => appendFileSync(${JSON.stringify(ended)}, "x"));`,
  );
  const segments = join(journalRoot(dataDir), "jrn_1");
  mkdirSync(segments, { recursive: true });
  const closed = join(segments, "00000001.ndjson");
  writeFileSync(closed, "");
  const log = quietLog();
  const options = { dataDir, entry, args: ["ship"], log, everyMs: 5 };
  const looks = () => new Promise((resolve) => setTimeout(resolve, 100));

  // Somebody ships: nothing gets old.
  const idle = shipAlone(options);
  await looks();
  idle.stop();
  expect(existsSync(began)).toBe(false);

  const old = new Date(Date.now() - 100_000);
  utimesSync(closed, old, old);
  const alone = shipAlone(options);
  while (!existsSync(began)) await looks();
  await looks();
  expect(log.lines).toHaveLength(1);
  alone.stop();
  while (!existsSync(ended)) await looks();
  rmSync(dataDir, { recursive: true, force: true });
});
