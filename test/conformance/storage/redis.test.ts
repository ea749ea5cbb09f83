import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openState } from "../../../src/storage/state/all.ts";
import { keysUnder, type State } from "../../../src/storage/state/state.ts";
import { type RedisServer, startRedis } from "../../../src/testing/redis-server.ts";
import { stateContract } from "../../../src/testing/state-contract.ts";

let server: RedisServer;
let node: RedisServer;
const opened: State[] = [];
const folder = mkdtempSync(join(tmpdir(), "millwright-redis-test-"));
let n = 0;

beforeAll(async () => {
  server = await startRedis();
  node = await startRedis(["--cluster-enabled", "yes"]);
  await say(node.port, "CLUSTER ADDSLOTSRANGE 0 16383");
  await vi.waitUntil(
    async () => (await say(node.port, "CLUSTER INFO")).includes("cluster_state:ok"),
    { timeout: 60_000, interval: 100 },
  );
});
afterEach(async () => {
  for (const state of opened.splice(0)) await state.close();
});
afterAll(async () => {
  await server?.stop();
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const open = (url: string): State => {
  const state = openState(url, { base: folder, now: Date.now });
  opened.push(state);
  return state;
};
const at = (port: number, query: string, login = "") =>
  `redis://${login}127.0.0.1:${port}/0?timeout=10000&${query}`;

/** A command as a person types it, and the first of what is answered. */
async function say(port: number, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${command}\r\n`);
  const [answer] = await once(socket, "data");
  socket.destroy();
  return String(answer);
}

stateContract("Redis", async () => {
  const url = at(server.port, `prefix=own-${n++}:`);
  return { state: open(url), other: async () => open(url) };
});
stateContract("a node of a cluster", async () => {
  const url = at(node.port, `prefix=own-${n++}:`);
  return { state: open(url), other: async () => open(url) };
});

const one = new Uint8Array([1]);

describe("a Redis that has its troubles", () => {
  test("prefixes and databases keep projects apart, whatever is in a prefix", async () => {
    const [a, b] = [open(at(server.port, "prefix=a*")), open(at(server.port, "prefix=ab"))];
    const elsewhere = open(`redis://127.0.0.1:${server.port}/3?prefix=a*`);
    await a.put("k", one);
    expect(await b.get("k")).toBeUndefined();
    expect(await elsewhere.get("k")).toBeUndefined();
    await b.put("other", one);
    expect(await keysUnder(a, "")).toEqual(["k"]);
  });

  test("restarted in the middle: calls that may be repeated wait for it, and lose nothing", async () => {
    const state = open(at(server.port, "prefix=restart:"));
    await state.put("before", one);
    let going = true;
    let count = 0;
    const work = (async () => {
      while (going) {
        await state.put(`k${count}`, one);
        expect(await state.get("before")).toBeDefined();
        count += 1;
      }
    })();
    await expect.poll(() => count).toBeGreaterThan(50);
    await server.restart();
    const until = count;
    await expect.poll(() => count).toBeGreaterThan(until + 50);
    going = false;
    await work;
    const keys = Array.from({ length: count }, (_, i) => `k${i}`);
    expect((await state.getMany(keys)).every((value) => value !== undefined)).toBe(true);
    expect(await state.add("after", 1)).toBe(1);
  });

  test("away: says so in time, and is used again when it is back", async () => {
    const state = open(`redis://127.0.0.1:${server.port}?timeout=300&prefix=away:`);
    await state.put("a", one);
    await server.kill();
    for (const use of [() => state.get("a"), () => state.add("n", 1)])
      await expect(use()).rejects.toMatchObject({ code: "unavailable" });
    await expect(state.get("a")).rejects.toThrow(/cannot be reached: .*ECONNREFUSED.*STATE_URL/);
    await server.start();
    await expect.poll(() => state.get("a").catch(() => undefined)).toBeDefined();
  });

  test("paused: a deadline in words, for every caller, and it goes on afterwards", async () => {
    const state = open(`redis://127.0.0.1:${server.port}?timeout=300&prefix=paused:`);
    await state.put("a", one);
    server.pause();
    try {
      const all = await Promise.allSettled([
        state.get("a"),
        state.getMany(["a", "b"]),
        state.put("a", one),
        state.add("n", 1),
        state.keys(""),
      ]);
      for (const each of all)
        expect(each).toMatchObject({
          status: "rejected",
          reason: {
            code: "timeout",
            message: expect.stringMatching(/did not answer within 300 ms.*is not known/),
          },
        });
    } finally {
      server.resume();
    }
    await expect.poll(() => state.get("a").catch(() => undefined)).toBeDefined();
  });

  test("paused from the start: closing does not wait for it", async () => {
    server.pause();
    const state = open(`redis://127.0.0.1:${server.port}?timeout=200`);
    await expect(state.get("a")).rejects.toMatchObject({ code: "timeout" });
    await state.close();
    server.resume();
  });
});

describe("a Redis with a password", () => {
  let guarded: RedisServer;
  beforeAll(async () => {
    guarded = await startRedis(["--requirepass", "p@ss/word"]);
  });
  afterAll(() => guarded?.stop());

  test("the right one opens it; a wrong or missing one is told at once, and never shown", async () => {
    const right = open(at(guarded.port, "", ":p%40ss%2Fword@"));
    await right.put("a", one);
    expect(await right.get("a")).toBeDefined();
    for (const login of [":secret@", "nobody:secret@", ""]) {
      const refused = await open(at(guarded.port, "", login))
        .get("a")
        .catch((error) => error);
      expect(refused).toMatchObject({ code: "invalid_config" });
      expect(refused.message).toMatch(/refuses the login: .*(WRONGPASS|NOAUTH).*STATE_URL/);
      expect(refused.message).not.toContain("secret");
    }
  });

  test("a database that is not there is told", async () => {
    const state = open(`redis://:p%40ss%2Fword@127.0.0.1:${guarded.port}/99?timeout=2000`);
    await expect(state.get("a")).rejects.toThrow(/database 99|DB index/);
  });
});

test("a full memory is storage_full", async () => {
  const small = await startRedis(["--maxmemory", "2mb", "--maxmemory-policy", "noeviction"]);
  const state = open(at(small.port, ""));
  const value = new Uint8Array(500_000);
  const fill = async () => {
    for (let i = 0; i < 20; i++) await state.put(`k${i}`, value);
  };
  await expect(fill()).rejects.toMatchObject({ code: "storage_full" });
  await small.stop();
});

test("TLS: a certificate that is trusted, and one that is not", async () => {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
      ...["-keyout", key, "-out", cert],
    ],
    { stdio: "ignore" },
  );
  const secure = await startRedis([
    ...["--tls-port", "--tls-cert-file", cert, "--tls-key-file", key],
    ...["--tls-ca-cert-file", cert, "--tls-auth-clients", "no"],
  ]);
  const state = open(`rediss://localhost:${secure.port}?ca=${cert}&timeout=5000`);
  await state.put("a", one);
  expect(await state.get("a")).toBeDefined();
  await expect(open(`rediss://localhost:${secure.port}?timeout=500`).get("a")).rejects.toThrow(
    /cannot be reached: .*self.signed/,
  );
  await secure.stop();
});
