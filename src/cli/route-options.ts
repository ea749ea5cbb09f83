import { MillwrightError } from "../errors.ts";
import { durationMs } from "../lib/duration.ts";
import type { RouteWish } from "../pipelines/change-route.ts";
import type { SplitRequest } from "../serving/make-split.ts";

export interface RouteOptions {
  readonly canary?: string;
  readonly version?: string;
  readonly ab?: string;
  readonly bandit?: string;
  readonly off?: boolean;
  readonly fallback?: string;
  readonly deadline?: string;
}

/** What the options of `millwright route` ask for; undefined: nothing, the route is only looked at. Throws `invalid_input`. */
export function wishedRoute(options: RouteOptions): RouteWish | undefined {
  const splits = (["canary", "ab", "bandit", "off"] as const).filter((name) => options[name]);
  if (splits.length > 1)
    throw wrong(`--${splits.join(" and --")}`, "a route has one split; give one of them");
  if (options.version !== undefined && options.canary === undefined)
    throw wrong(`--version ${options.version}`, "it goes with --canary <percent>");
  const split = options.off ? null : splitOf(options);
  const { fallback, deadline } = options;
  const wish: RouteWish = {
    ...(split === undefined ? {} : { split }),
    ...(fallback === undefined ? {} : { fallback: fallback === "none" ? null : listOf(fallback) }),
    ...(deadline === undefined ? {} : { deadlineMs: deadline === "none" ? null : msOf(deadline) }),
  };
  return Object.keys(wish).length === 0 ? undefined : wish;
}

function splitOf({ canary, version, ab, bandit }: RouteOptions): SplitRequest | undefined {
  if (canary !== undefined) {
    if (version === undefined)
      throw wrong(`--canary ${canary}`, "say of which version: --version <number>");
    const [percent, ...steps] = listOf(canary).map((text) => numberIn(`--canary ${canary}`, text));
    return { kind: "canary", version, percent: percent!, ...(steps.length > 0 ? { steps } : {}) };
  }
  if (ab !== undefined)
    return {
      kind: "weights",
      arms: listOf(ab).map((arm) => {
        const [name, weight, ...more] = arm.split("=");
        if (!name || weight === undefined || more.length > 0)
          throw wrong(`--ab ${ab}`, "write version=weight, such as --ab 3=50,4=50");
        return { version: name, weight: numberIn(`--ab ${ab}`, weight) };
      }),
    };
  if (bandit === undefined) return undefined;
  return { kind: "bandit", arms: listOf(bandit).map((name) => ({ version: name })) };
}

const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

function numberIn(option: string, text: string): number {
  const value = Number(text.trim().replace(/%$/, ""));
  if (text.trim() === "" || !Number.isFinite(value))
    throw wrong(option, `${JSON.stringify(text)} should be a number`);
  return value;
}

function msOf(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw wrong(`--deadline ${text}`, 'write such as "20ms", "1s", or "none"');
  return ms;
}

const wrong = (option: string, why: string): MillwrightError =>
  new MillwrightError("invalid_input", `${option}: ${why}.`);
