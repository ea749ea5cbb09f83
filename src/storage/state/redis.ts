import { createHash } from "node:crypto";
import { wordsOf } from "../../lib/words-of.ts";
import { redisLink, type Send } from "../redis/redis-link.ts";
import type { RedisPlace } from "../redis/redis-url.ts";
import { type Life, noCounter, type State } from "./state.ts";

/** How many keys a server looks at for one page. */
const LOOKED_AT = 1000;

/** ARGV: "1" and the value expected, or "0" and "" for none; the new value; life in ms or 0. (Servers' own SET IFEQ is too young.) */
const REPLACE = script(`
local there = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then if there then return 0 end elseif there ~= ARGV[2] then return 0 end
if ARGV[4] == '0' then redis.call('SET', KEYS[1], ARGV[3]) else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return 1`);

/** ARGV: what to add, life in ms or 0. Lua counts in doubles: the sum is exact within the limit, which is tested before it is kept. */
const ADD = script(`
local there = redis.call('GET', KEYS[1])
if there and not string.match(there, '^%-?%d+$') then return false end
local sum = (tonumber(there or '0') or 0) + tonumber(ARGV[1])
if sum > 9007199254740991 or sum < -9007199254740991 then return false end
local text = string.format('%.0f', sum)
if there then redis.call('SET', KEYS[1], text, 'KEEPTTL')
elseif ARGV[2] == '0' then redis.call('SET', KEYS[1], text)
else redis.call('SET', KEYS[1], text, 'PX', ARGV[2]) end
return text`);

/**
 * Keys of a Redis or Valkey server (6 or newer), under the prefix of its URL. Nothing that must happen at once touches two keys, so keys
 * may live on different shards behind a proxy. The server's clock counts for lives, and its settings say what outlives it.
 */
export function redisState(place: RedisPlace): State {
  const link = redisLink(place);
  const { prefix } = place;
  const named = (key: string): string => prefix + key;
  /** Keys of several shards are not given in one command; found out once. */
  let sharded = false;

  const run = async (
    send: Send,
    { text, sha1 }: ReturnType<typeof script>,
    key: string,
    args: readonly (string | Buffer)[],
  ): Promise<unknown> => {
    const rest = ["1", named(key), ...args];
    try {
      return await send(["EVALSHA", sha1, ...rest]);
    } catch (error) {
      if (!wordsOf(error).startsWith("NOSCRIPT")) throw error;
      return send(["EVAL", text, ...rest]);
    }
  };

  return {
    get: (key) => link.ask(async (send) => bytesOf(await send(["GET", named(key)])), true),
    getMany: (keys) =>
      link.ask(async (send) => {
        if (!sharded)
          try {
            const found = (await send(["MGET", ...keys.map(named)])) as unknown[];
            return found.map(bytesOf);
          } catch (error) {
            if (!wordsOf(error).startsWith("CROSSSLOT")) throw error;
            sharded = true;
          }
        return Promise.all(keys.map(async (key) => bytesOf(await send(["GET", named(key)]))));
      }, true),
    put: (key, value, life) =>
      link.ask(async (send) => void (await send(set(named(key), value, life))), true),
    putMany: (entries, life) =>
      link.ask(async (send) => {
        const all = entries.map(([key, value]) => send(set(named(key), value, life)));
        await Promise.all(all);
      }, true),
    delete: (key) => link.ask(async (send) => void (await send(["DEL", named(key)])), true),
    replace: (key, expected, value, life) =>
      link.ask(async (send) => {
        const args = [
          expected === undefined ? "0" : "1",
          buffer(expected ?? new Uint8Array(0)),
          buffer(value),
          String(life?.ttlMs ?? 0),
        ];
        return (await run(send, REPLACE, key, args)) === 1;
      }, false),
    add: (key, by, life) =>
      link.ask(async (send) => {
        const sum = await run(send, ADD, key, [String(by), String(life?.ttlMs ?? 0)]);
        if (sum === null) throw noCounter(key);
        return Number(String(sum));
      }, false),
    keys: (start, from) =>
      link.ask(async (send) => {
        const match = `${named(start).replace(/[*?[\]\\^-]/g, "\\$&")}*`;
        const command = ["SCAN", from ?? "0", "MATCH", match, "COUNT", String(LOOKED_AT)];
        const [next, found] = (await send(command)) as [Buffer, Buffer[]];
        const cursor = next.toString("latin1");
        return {
          keys: found.map((key) => key.toString("utf8").slice(prefix.length)),
          next: cursor === "0" ? undefined : cursor,
        };
      }, true),
    close: () => link.close(),
  };
}

const set = (key: string, value: Uint8Array, life: Life | undefined) =>
  life?.ttlMs === undefined
    ? ["SET", key, buffer(value)]
    : ["SET", key, buffer(value), "PX", String(life.ttlMs)];

const buffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const bytesOf = (reply: unknown): Uint8Array | undefined =>
  reply === null ? undefined : (reply as Buffer);

function script(text: string): { readonly text: string; readonly sha1: string } {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}
