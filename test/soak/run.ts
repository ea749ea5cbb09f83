/**
 * The long version: npm run soak -- --minutes 30 [--processes 2] [--callers 12]
 * Half an hour of mixed load, a swap every 10 s, a killed process every 60 s, the database away for 5 minutes.
 */
import { parseArgs } from "node:util";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    processes: { type: "string", default: "2" },
    callers: { type: "string", default: "12" },
  },
});
const seconds = 60 * Number(values.minutes);
const report = await soak({
  seconds,
  swapEveryS: Math.min(10, seconds / 20),
  killEveryS: Math.min(60, seconds / 8),
  databaseAwayS: seconds / 6,
  callers: Number(values.callers),
  restMs: 20,
  processes: Number(values.processes),
  say: (line) => process.stderr.write(`${new Date().toISOString()} ${line}\n`),
});
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
const clean = report.wrong.length + report.lost.length + report.doubled + report.fell.length === 0;
process.exit(clean ? 0 : 1);
