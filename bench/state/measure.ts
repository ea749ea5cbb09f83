import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, RESP_TYPES } from "@redis/client";
import { open as openLmdb } from "lmdb";
import { openState } from "../../src/storage/state/all.ts";
import { startRedis } from "../../src/testing/redis-server.ts";

const KEYS = 10_000;
const VALUE = new Uint8Array(200).fill(7);
const ROUNDS = 5;
const ROUND_MS = 600;
const key = (i: number) => `features/customer/${i % KEYS}`;
const some = (i: number, count: number) => Array.from({ length: count }, (_, k) => key(i + k * 37));

interface Contender {
  readonly name: string;
  get(i: number): Promise<unknown>;
  getMany(i: number): Promise<unknown>;
  put(i: number): Promise<unknown>;
  add(i: number): Promise<unknown>;
}

const folder = mkdtempSync(join(tmpdir(), "millwright-bench-state-"));
const server = await startRedis();
const host = { base: folder, now: Date.now };
const port = (name: string, url: string): Contender & { close(): Promise<void> } => {
  const state = openState(url, host);
  return {
    name,
    get: (i) => state.get(key(i)),
    getMany: (i) => state.getMany(some(i, 100)),
    put: (i) => state.put(key(i), VALUE),
    add: (i) => state.add(`n/${i % 100}`, 1),
    close: () => state.close(),
  };
};
const raw = openLmdb<Buffer, string>({
  ...{ path: join(folder, "raw"), noSubdir: false, encoding: "binary" as const },
});
const client = await createClient({
  socket: { port: server.port },
  RESP: 2,
  commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
}).connect();
const contenders: readonly Contender[] = [
  port("LMDB, our port", "file:./port"),
  {
    name: "LMDB, raw client",
    get: async (i) => raw.get(key(i)),
    getMany: async (i) => some(i, 100).map((k) => raw.get(k)),
    put: (i) => raw.put(key(i), Buffer.from(VALUE)),
    add: (i) =>
      raw.transaction(() => {
        const k = `n/${i % 100}`;
        void raw.put(k, Buffer.from(String(Number(raw.get(k) ?? 0) + 1)));
      }),
  },
  port("Redis, our port", `redis://127.0.0.1:${server.port}?prefix=port:&timeout=60000`),
  {
    name: "Redis, raw client",
    get: (i) => client.get(key(i)),
    getMany: (i) => client.mGet(some(i, 100)),
    put: (i) => client.set(key(i), Buffer.from(VALUE)),
    add: (i) => client.incr(`n/${i % 100}`),
  },
];

const CALLS = ["get", "getMany", "put", "add"] as const;
const CALLERS = [1, 50] as const;
const taken = new Map<string, { count: number; ms: number; waits: number[] }>();

async function round(name: string, call: (i: number) => Promise<unknown>, callers: number) {
  const result = taken.get(name) ?? { count: 0, ms: 0, waits: [] };
  taken.set(name, result);
  const started = performance.now();
  let next = Math.floor(Math.random() * KEYS);
  const loop = async () => {
    for (let turn = 0; ; turn++) {
      const from = performance.now();
      if (from - started > ROUND_MS) return;
      await call(next++);
      result.waits.push(performance.now() - from);
      result.count += 1;
      // LMDB's reads never wait: without this no other caller would have a turn.
      if (turn % 1000 === 999) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: callers }, loop));
  result.ms += performance.now() - started;
}

const plans = contenders.flatMap((contender) =>
  CALLS.flatMap((call) => CALLERS.map((callers) => ({ contender, call, callers }))),
);
const nameOf = ({ contender, call, callers }: (typeof plans)[number]) =>
  `${contender.name}/${call}/${callers}`;
for (const contender of contenders)
  for (let i = 0; i < KEYS; i += 500)
    await Promise.all(Array.from({ length: 500 }, (_, k) => contender.put(i + k)));
for (let turn = 0; turn < ROUNDS; turn++)
  for (const call of CALLS)
    for (const callers of CALLERS)
      for (const plan of plans)
        if (plan.call === call && plan.callers === callers)
          await round(nameOf(plan), plan.contender[call], callers);

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
const shown = (name: string) => {
  const { count, ms, waits } = taken.get(name)!;
  const sorted = waits.sort((a, b) => a - b);
  const perSecond = Math.round((count / ms) * 1000);
  const time = (q: number) =>
    (quantile(sorted, q) * 1000).toFixed(quantile(sorted, q) < 0.1 ? 1 : 0);
  return { perSecond, text: `${perSecond.toLocaleString("en")}/s | ${time(0.5)} / ${time(0.99)}` };
};
const lines = ["LMDB", "Redis"].flatMap((store) =>
  CALLS.flatMap((call) =>
    CALLERS.map((callers) => {
      const ours = shown(`${store}, our port/${call}/${callers}`);
      const theirs = shown(`${store}, raw client/${call}/${callers}`);
      const what = call === "getMany" ? "getMany, 100 keys" : call;
      return `| ${store} | ${what} | ${callers} | ${ours.text} | ${theirs.text} | ${(ours.perSecond / theirs.perSecond).toFixed(2)} |`;
    }),
  ),
);
writeFileSync(
  "bench/state/RESULTS.md",
  `# Online state: LMDB and Redis through the port, and their clients without it

Command: \`node bench/state/run.mjs\` on ${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}. ${KEYS.toLocaleString("en")} keys, values of ${VALUE.length} bytes; ${ROUNDS} rounds
of ${ROUND_MS} ms a cell, in turns. Times in microseconds. Redis runs on the same machine over TCP, with an append-only file that is not synced; load average at the
end: ${loadavg()[0]?.toFixed(1)}. "ratio": calls a second, our port to the raw client. (Our port checks keys and sizes, keeps lives, and has a deadline a call. For add the
raw client of Redis sends INCRBY, ours a script that knows limits. 50 callers of LMDB's get share one thread and never wait for each other.)

| store | call | callers | our port | p50 / p99 µs | raw client | p50 / p99 µs | ratio |
|---|---|---|---|---|---|---|---|
${lines.join("\n")}
`,
);
console.log(lines.join("\n"));
await client.close();
await raw.close();
for (const one of contenders) await (one as Partial<{ close(): Promise<void> }>).close?.();
await server.stop();
rmSync(folder, { recursive: true, force: true });
