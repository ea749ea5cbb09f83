import { MillwrightError } from "../errors.ts";
import { comparable } from "../evaluation/align-scores.ts";
import type { Digest } from "../lib/digest.ts";
import { isName, NAME_RULE } from "../lib/name.ts";
import { type Candidate, makeSplit, type SplitRequest } from "../serving/make-split.ts";
import type { Route, Split } from "../serving/route.ts";
import { MOST_LEVELS } from "../serving/routing.ts";
import { dropChallenger } from "./drop-challenger.ts";
import type { Platform, Stores } from "./platform.ts";

export interface RouteWish {
  /** null ends it; left out: as it is. */
  readonly split?: SplitRequest | null | undefined;
  readonly fallback?: readonly string[] | null | undefined;
  /** Milliseconds, above 0. Needs a fallback. */
  readonly deadlineMs?: number | null | undefined;
}

export interface RouteChangeInput {
  readonly model: string;
  readonly wish: RouteWish;
  /** In words. */
  readonly reason: string;
  /** Who: `control`, `command line`, or a run's id. */
  readonly by: string;
  /** Only when the route is still at this revision; else `conflict`. */
  readonly ifRevision?: number | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const LONGEST_MS = 60_000;

/**
 * Changes how a model's requests are divided, who stands in and when: checked, kept as a new revision and announced, in one
 * transaction. A model without a route gets one by a fallback: a member of a family. Throws `invalid_input`, `not_found`,
 * `conflict`; then nothing was changed.
 */
export async function changeRoute(
  deps: Pick<Platform, "transact">,
  input: RouteChangeInput,
): Promise<Route | undefined> {
  return deps.transact(async (stores) => {
    const { registry, serving, announce } = stores;
    const { model, wish, reason, by, at } = input;
    await registry.lock(model);
    await serving.lockRoutes();
    const before = await serving.route(model);
    if (input.ifRevision !== undefined && before?.revision !== input.ifRevision)
      throw new MillwrightError(
        "conflict",
        `The route of ${model} is at revision ${before?.revision ?? 0} by now, not ${input.ifRevision}. Look at it again: millwright route ${model}`,
      );
    if (before === undefined && !isName(model))
      throw wrong("model", model, `a name of ${NAME_RULE}`);
    const fallback = wish.fallback === undefined ? before?.fallback : (wish.fallback ?? undefined);
    if (wish.fallback) await checkFallbacks(stores, { model, before, fallback: wish.fallback });
    const route: Omit<Route, "revision"> = {
      ...{ model, champion: before?.champion, shadow: before?.shadow },
      fields: before?.fields ?? {},
      fallback: fallback?.length === 0 ? undefined : fallback,
      split: wish.split === undefined ? before?.split : await splitFor(stores, { input, before }),
      deadlineMs:
        wish.deadlineMs === undefined ? before?.deadlineMs : (wish.deadlineMs ?? undefined),
    };
    if (route.champion === undefined && route.fallback === undefined) {
      if (before === undefined)
        throw new MillwrightError(
          "not_found",
          `Model ${model} is not deployed: promote a version, or give it a fallback.`,
        );
      await serving.removeRoute(model, reason);
      return undefined;
    }
    const checked = withDeadline(route, wish);
    await leaveSplit(stores, { input, before: before?.split, after: checked });
    const changed = await serving.setRoute({ ...checked, reason, by });
    await announce("route.changed", model, { revision: changed.revision, reason, by }, at);
    return changed;
  });
}

async function splitFor(
  { registry }: Stores,
  context: { readonly input: RouteChangeInput; readonly before: Route | undefined },
): Promise<Split | undefined> {
  const { before, input } = context;
  const { model, wish, at } = input;
  if (!wish.split) return undefined;
  const champion = before?.champion && (await registry.get(before.champion.id));
  if (!before || !champion)
    throw new MillwrightError(
      "conflict",
      `Model ${model} has no champion to share requests with. Promote a version first: millwright promote ${model} <version>`,
    );
  const names =
    wish.split.kind === "canary" ? [wish.split.version] : wish.split.arms.map((a) => a.version);
  const versions = new Map<string, Candidate>();
  for (const name of names) {
    const found = await registry.find(model, name);
    if (found) versions.set(name, found);
  }
  const { split, revision } = before;
  return makeSplit(wish.split, {
    ...{ model, champion, versions, before: split, revision: revision + 1, at },
  });
}

/** Every fallback is deployed, answers the same question, and never leads back. */
async function checkFallbacks(
  { registry, serving }: Stores,
  input: {
    readonly model: string;
    readonly before: Route | undefined;
    readonly fallback: readonly string[];
  },
): Promise<void> {
  const { model, before, fallback } = input;
  if (new Set(fallback).size < fallback.length)
    throw wrong("fallback", fallback.join(", "), "a list without repetitions");
  const own = before?.champion && (await registry.get(before.champion.id));
  const follow = async (names: readonly string[], path: readonly string[]): Promise<void> => {
    for (const name of names) {
      const way = [...path, name];
      if (name === model)
        throw wrong(
          "fallback",
          fallback.join(", "),
          `a list that does not lead back: ${way.join(" → ")}`,
        );
      if (way.length > MOST_LEVELS + 1)
        throw wrong(
          "fallback",
          fallback.join(", "),
          `at most ${MOST_LEVELS} levels deep: ${way.join(" → ")}`,
        );
      const next = await serving.route(name);
      if (next === undefined && way.length === 2)
        throw new MillwrightError(
          "not_found",
          `fallback: model ${JSON.stringify(name)} is not deployed. See: millwright status`,
        );
      const theirs = next?.champion && (await registry.get(next.champion.id));
      if (own && theirs && !sameQuestion(own, theirs))
        throw wrong("fallback", name, `a model with a class or target in common with ${model}`);
      await follow(next?.fallback ?? [], way);
    }
  };
  await follow(fallback, [model]);
}

/** Targets may have other names in another model's data. */
const sameQuestion = (own: Candidate, theirs: Candidate): boolean =>
  own.signature.task === theirs.signature.task &&
  comparable(own.signature, { ...theirs.signature, target: own.signature.target });

function withDeadline(route: Omit<Route, "revision">, wish: RouteWish): Omit<Route, "revision"> {
  const { deadlineMs } = route;
  if (deadlineMs === undefined) return route;
  if (!(deadlineMs > 0 && deadlineMs <= LONGEST_MS))
    throw wrong("deadlineMs", deadlineMs, `above 0 and at most ${LONGEST_MS} milliseconds`);
  if (route.fallback !== undefined) return route;
  if (wish.deadlineMs === undefined || wish.deadlineMs === null)
    return { ...route, deadlineMs: undefined };
  throw wrong("deadlineMs", deadlineMs, "given with a fallback, which answers when it has passed");
}

/** A challenger that loses its part of the traffic and runs nowhere else is none any more: the alias would stop every retraining. */
async function leaveSplit(
  stores: Stores,
  context: {
    readonly input: RouteChangeInput;
    readonly before: Split | undefined;
    readonly after: Omit<Route, "revision">;
  },
): Promise<void> {
  const { before, after, input } = context;
  if (before?.kind !== "canary") return;
  const { split, shadow } = after;
  const stays: readonly (Digest | undefined)[] = [
    shadow?.id,
    ...(split === undefined
      ? []
      : split.kind === "canary"
        ? [split.version.id]
        : split.arms.map((arm) => arm.version.id)),
  ];
  const { model, reason, at } = input;
  const challenger = await stores.registry.alias(model, "challenger");
  if (challenger !== before.version.id || stays.includes(challenger)) return;
  await dropChallenger(stores, { model, reason, at, verdict: undefined, runId: undefined });
}

const wrong = (field: string, value: unknown, expected: string): MillwrightError =>
  new MillwrightError("invalid_input", `${field}: ${JSON.stringify(value)} should be ${expected}.`);
