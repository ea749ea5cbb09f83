import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
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
  let looked = 0;
  let now = statSync(closed).mtimeMs;
  const clock = {
    now() {
      looked++;
      return now;
    },
  };
  // A shipper of low priority would hardly begin on a machine that has much else to do.
  const patient = { clock, everyMs: 5, lateMs: 1000, priority: constants.priority.PRIORITY_NORMAL };
  const options = { dataDir, entry, args: ["ship"], log, ...patient };
  const until = async (claim: () => boolean) => {
    while (!claim()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const looks = async (count: number) => {
    const goal = looked + count;
    await until(() => looked >= goal);
  };

  // Somebody ships: nothing gets old.
  const idle = shipAlone(options);
  await looks(10);
  now += 999;
  await looks(10);
  idle.stop();
  expect(log.lines).toEqual([]);

  now += 1;
  const alone = shipAlone(options);
  await until(() => existsSync(began));
  await looks(10);
  expect(log.lines).toHaveLength(1);
  expect(readFileSync(began, "utf8")).toBe("ship");
  alone.stop();
  await until(() => existsSync(ended));
  rmSync(dataDir, { recursive: true, force: true });
});
