/**
 * A gateway under mixed load while its model is swapped, its processes are killed and its database is taken away. What was
 * acknowledged must be in the log once, and every answer must be what the version it names says.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { journalRoot, shipRegularly } from "../../src/gateway/prediction-log.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { random } from "../../src/lib/random.ts";
import { logStore } from "../../src/serving/log/store.ts";
import { readLog } from "../../src/serving/read-log.ts";
import type { RoutedVersion } from "../../src/serving/route.ts";
import { servingStore } from "../../src/serving/store.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { mailModel } from "../scenarios/tiny-models.ts";
import { biasOf, callers, nothingTold, type Told } from "./callers.ts";
import { type Stage, stage } from "./stage.ts";

export interface SoakOptions {
  readonly seconds: number;
  /** Goes on beyond `seconds` until so many predictions, of so many versions, were answered. */
  readonly atLeast?: { readonly predictions: number; readonly versions: number };
  readonly swapEveryS: number;
  /** The next kill waits until somebody was answered after the last. */
  readonly killEveryS: number;
  /** The database is away for this long, in the middle. */
  readonly databaseAwayS: number;
  readonly callers: number;
  /** A caller rests this long between calls. */
  readonly restMs: number;
  /** Of the gateway. */
  readonly processes: number;
  say?(line: string): void;
}

export interface SoakReport {
  readonly seconds: number;
  readonly requests: number;
  readonly predictions: number;
  readonly feedback: number;
  readonly swaps: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
  /** Acknowledged predictions or feedback that are not in the log, or not as acknowledged. */
  readonly lost: readonly string[];
  /** Predictions that are in the log more than once. */
  readonly doubled: number;
  /** Processes that ended by themselves. */
  readonly fell: readonly string[];
  /** Share of the requests that got no answer or a 5xx, and why. */
  readonly failedShare: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly longestOutageMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Versions that answered. */
  readonly versions: number;
  readonly memoryMiB: Readonly<Record<string, number>>;
}

const VERSIONS = 8;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const say = options.say ?? (() => {});
  const theatre = await stage(options.processes);
  try {
    const blobs = fileBlobs(join(theatre.folder, ".millwright/blobs"));
    const versions: RoutedVersion[] = [];
    for (let number = 1; number <= VERSIONS; number++) {
      const onnx = await blobs.put(mailModel(biasOf(number)));
      versions.push({ id: digestOf(`version ${number}`), number, onnx });
    }
    const swap = swapper(theatre, versions);
    await swap.next();
    while (!(await ready(theatre.gatewayUrl))) await pause(100);
    say("the gateway answers");

    const told = nothingTold();
    const load = callers(theatre.gatewayUrl, told, { n: options.callers, restMs: options.restMs });
    const kills = await disturb(theatre, told, options, swap, say);
    await load.stop();
    say(`${told.requests} requests sent; now everything is compared with the log`);
    await theatre.stopParts();
    const { lost, doubled } = await compareWithLog(theatre, told);
    return report(options, { told, swaps: swap.done(), kills, lost, doubled, theatre });
  } finally {
    await theatre.stopParts();
    await theatre.remove();
  }
}

const ready = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/v2/models/mail/ready`)).ok;
  } catch {
    return false;
  }
};

/** Another champion and another shadow each time. Waits while the database is away. */
function swapper({ sql }: Stage, versions: readonly RoutedVersion[]) {
  const store = servingStore(sql);
  let done = 0;
  return {
    done: () => done,
    async next(): Promise<void> {
      const champion = versions[done % VERSIONS]!;
      const shadow = done % 3 === 0 ? versions[(done + 1) % VERSIONS] : undefined;
      await store.setRoute({ model: "mail", champion, shadow, fields: {}, reason: "soak" });
      done++;
    },
  };
}

async function disturb(
  theatre: Stage,
  told: Told,
  options: SoakOptions,
  swap: { next(): Promise<void> },
  say: (line: string) => void,
): Promise<Map<string, number>> {
  const chance = random("soak");
  const kills = new Map<string, number>();
  const started = Date.now();
  const elapsed = () => (Date.now() - started) / 1000;
  const awayFrom = (options.seconds - options.databaseAwayS) / 2;
  let turn = 0;
  let [nextSwap, nextKill] = [options.swapEveryS, options.killEveryS];
  let database: "there" | "away" | "back" = "there";
  const { atLeast = { predictions: 0, versions: 0 } } = options;
  const enough = () =>
    told.answers.size >= atLeast.predictions && told.versions.size >= atLeast.versions;
  let answeredAtKill = 0;
  while (elapsed() < options.seconds || database !== "back" || !enough()) {
    const now = elapsed();
    if (database === "there" && now >= awayFrom) {
      say(`${now.toFixed(0)} s: the database goes away`);
      await theatre.stopDatabase();
      database = "away";
    }
    if (database === "away" && now >= awayFrom + options.databaseAwayS) {
      await theatre.startDatabase();
      say(`${now.toFixed(0)} s: the database is back`);
      database = "back";
    }
    if (now >= nextSwap) {
      nextSwap += options.swapEveryS;
      if (database !== "away") await swap.next();
    }
    if (now >= nextKill && told.answers.size > answeredAtKill) {
      nextKill = now + options.killEveryS;
      answeredAtKill = told.answers.size;
      const victim = theatre.kill(turn++ % 3 === 1 ? "others" : "gateway", (n) => chance.int(n));
      kills.set(victim, (kills.get(victim) ?? 0) + 1);
      say(`${now.toFixed(0)} s: ${victim} killed`);
    }
    await pause(50);
  }
  return kills;
}

/** Everything that was acknowledged must be in the log once, by windows of a minute. */
async function compareWithLog(
  theatre: Stage,
  told: Told,
): Promise<{ lost: string[]; doubled: number }> {
  const dataDir = join(theatre.folder, ".millwright");
  const blobs = fileBlobs(join(dataDir, "blobs"));
  const columns = await duckdbColumns({ scratch: join(theatre.folder, "scratch") });
  const shipper = shipRegularly(
    { sql: theatre.sql, blobs, columns, log: quietLog() },
    { dataDir, everyMs: 3_600_000 },
  );
  await shipper.shipNow();
  await shipper.stop();
  const deps = {
    journals: journalsIn(journalRoot(dataDir)),
    columns,
    blobs,
    store: logStore(theatre.sql),
  };
  const [first, last] = [Date.now() - 6 * 3_600_000, Date.now() + 60_000];
  const answers = new Map(told.answers);
  const labels = new Map(told.labels);
  const seen = new Set<string>();
  const lost: string[] = [];
  let doubled = 0;
  for (let from = first; from < last; from += 60_000) {
    for (const record of await readLog(deps, { model: "mail", from, to: from + 60_000 })) {
      if (seen.has(record.id)) doubled++;
      seen.add(record.id);
      const acknowledged = answers.get(record.id);
      if (acknowledged !== undefined && Math.abs(record.output[0]! - acknowledged) > 1e-9)
        lost.push(`${record.id}: told ${acknowledged}, kept ${record.output[0]}`);
      answers.delete(record.id);
      if (labels.get(record.id) === record.truth?.label) labels.delete(record.id);
    }
  }
  for (const id of answers.keys()) lost.push(`${id}: not in the log`);
  for (const id of labels.keys()) lost.push(`${id}: its feedback is not in the log`);
  await columns.close();
  return { lost, doubled };
}

function report(
  options: SoakOptions,
  found: {
    readonly told: Told;
    readonly swaps: number;
    readonly kills: ReadonlyMap<string, number>;
    readonly lost: readonly string[];
    readonly doubled: number;
    readonly theatre: Stage;
  },
): SoakReport {
  const { told, theatre } = found;
  const sorted = Float64Array.from(told.latencies).sort();
  const quantile = (q: number) => sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
  const failures = [...told.failed.values()].reduce((a, b) => a + b, 0);
  return {
    seconds: options.seconds,
    requests: told.requests,
    predictions: told.answers.size,
    feedback: told.labels.size,
    swaps: found.swaps,
    kills: Object.fromEntries(found.kills),
    wrong: told.wrong.slice(0, 20),
    lost: found.lost.slice(0, 20),
    doubled: found.doubled,
    fell: theatre.fell,
    failedShare: failures / told.requests,
    failed: Object.fromEntries(told.failed),
    longestOutageMs: told.longestOutage,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    versions: told.versions.size,
    memoryMiB: Object.fromEntries(theatre.memory),
  };
}
