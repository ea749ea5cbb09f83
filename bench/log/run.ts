/**
 * What durable logging costs: appends through the journal at 1, 16 and 128 at once, against a bare loop that writes the same bytes and
 * calls fdatasync, and the latency of one sync on this disk.
 * Run: npx esbuild bench/log/run.ts --bundle --platform=node --format=esm --outfile=dist/bench-log.mjs && node dist/bench-log.mjs [folder]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { random } from "../../src/lib/random.ts";
import { openJournal } from "../../src/storage/journal/journal.ts";

const SECONDS = Number(process.env.SECONDS ?? 3);
const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), "millwright-bench-log-"));
const rng = random("log");

/** A mail's prediction as the gateway logs it, about 620 bytes. */
const record = (i: number) => ({
  kind: "prediction",
  id: `pred_${String(i).padStart(22, "0")}`,
  model: "is_spam",
  version: "sha256:c3500f3a4c1d2e9b8a7766554433221100ffeeddccbbaa998877665544332211",
  variant: "champion",
  at: 1_760_000_000_000 + i,
  eventTime: 1_760_000_000_000 + i,
  key: `message-${i}@example.org`,
  inputs: {
    subject: "Re: kernel modules and the scheduler",
    sender_domain: "linux.ie",
    has_html: 0,
    n_urls: i % 9,
    n_received: 6,
    body_chars: 1200 + (i % 700),
    message_id: `<message-${i}@example.org>`,
    received_at: "2024-05-01T12:00:00Z",
  },
  output: [rng.next()],
  label: "no",
  latencyMs: 2,
});
const RECORDS = Array.from({ length: 4096 }, (_, i) => record(i));

interface Measured {
  readonly records: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  readonly latencies: Float64Array;
}

/** @param concurrency callers that each wait for the disk before they go on. */
async function load(
  concurrency: number,
  append: (i: number) => Promise<void> | void,
): Promise<Measured> {
  const latencies: number[] = [];
  const until = performance.now() + SECONDS * 1000;
  const cpu = process.cpuUsage();
  const started = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (;;) {
        const at = performance.now();
        if (at > until) return;
        await append(next++ % RECORDS.length);
        latencies.push(performance.now() - at);
      }
    }),
  );
  const used = process.cpuUsage(cpu);
  return {
    records: next,
    seconds: (performance.now() - started) / 1000,
    cpuMicros: used.user + used.system,
    latencies: Float64Array.from(latencies).sort(),
  };
}

function say(name: string, { records, seconds, cpuMicros, latencies }: Measured): void {
  const at = (p: number) => latencies[Math.floor(p * (latencies.length - 1))] ?? 0;
  console.log(
    `${name.padEnd(34)} ${(records / seconds).toFixed(0).padStart(8)} records/s ${(cpuMicros / records).toFixed(1).padStart(7)} CPU µs each   p50 ${at(0.5).toFixed(2)} ms  p99 ${at(0.99).toFixed(2)} ms`,
  );
}

for (const concurrency of [1, 16, 128]) {
  // What callers and the making of the text cost without any log.
  say(
    `${concurrency} at once: JSON only`,
    await load(concurrency, async (i) => {
      JSON.stringify(RECORDS[i]);
      await turn();
    }),
  );
  const journal = await openJournal(join(folder, `j${concurrency}`));
  say(
    `${concurrency} at once: journal`,
    await load(concurrency, (i) => journal.append([JSON.stringify(RECORDS[i])])),
  );
  await journal.close();
  say(`${concurrency} at once: bare, fdatasync`, await bare(concurrency));
}
rmSync(folder, { recursive: true, force: true });

/** As many records as there are callers in one write, then fdatasync: the least that durability can cost with that much at once. */
async function bare(concurrency: number): Promise<Measured> {
  const file = await open(join(folder, `bare${concurrency}`), "w");
  const latencies: number[] = [];
  const until = performance.now() + SECONDS * 1000;
  const cpu = process.cpuUsage();
  const started = performance.now();
  let records = 0;
  while (performance.now() < until) {
    const at = performance.now();
    let text = "";
    for (let i = 0; i < concurrency; i++)
      text += `${JSON.stringify(RECORDS[records++ % RECORDS.length])}\n`;
    await file.write(Buffer.from(text));
    await file.datasync();
    latencies.push(performance.now() - at);
  }
  const used = process.cpuUsage(cpu);
  await file.close();
  return {
    records,
    seconds: (performance.now() - started) / 1000,
    cpuMicros: used.user + used.system,
    latencies: Float64Array.from(latencies).sort(),
  };
}
