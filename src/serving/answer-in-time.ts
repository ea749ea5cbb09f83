import { isUnloadable } from "../runtime/unloadable.ts";
import { type AnsweredPart, answerPart, type PartInput } from "./answer-part.ts";
import { canFallBack, fallBack } from "./fall-back.ts";
import type { PredictDeps } from "./predict.ts";
import type { AnsweringVariant } from "./prediction.ts";
import type { RoutedVersion, ServedRoute } from "./route.ts";
import { chainOf } from "./routing.ts";

export interface OwnPart extends Omit<PartInput, "by" | "fields"> {
  readonly route: ServedRoute;
  readonly version: RoutedVersion;
  readonly variant: AnsweringVariant;
  readonly ids: readonly string[];
  /** Of a family: on which level the route's model stands. */
  readonly level?: number | undefined;
}

/** How long a model is not asked after it could not be loaded, and after it was late. */
const REST_UNLOADABLE_MS = 10_000;
const REST_LATE_MS = 1000;

/**
 * What a model's own version says or, when it cannot or is too late, what those say that stand in for it: the champion for
 * another arm that fails, then the fallbacks. An answer that is not there by the deadline is dropped, unless nobody can stand in.
 * Wrong rows, and versions asked for by name, get no stand-in.
 */
export async function answerInTime(deps: PredictDeps, input: OwnPart): Promise<AnsweredPart> {
  const { route, version, variant, at } = input;
  const { champion, fields, model, deadlineMs } = route;
  const { level = 0 } = input;
  const ask = () => answerPart(deps, { ...input, fields, by: { model, version, variant, level } });
  if (variant === "requested") return ask();
  const chain = chainOf(deps.routes, route);
  const standIns = version.id === champion.id ? chain : [route, ...chain];
  if (standIns.length === 0) return ask();
  if (deps.resting.rests(version.onnx, deps.clock.now())) {
    const resting = { ...input, standIns, columns: undefined, why: undefined };
    return fallBack(deps, resting).catch(ask);
  }

  const own = ask();
  let columns: readonly string[] | undefined;
  deps.models.input(version, fields).then(
    ({ signature }) => {
      columns = signature.columns.map((column) => column.name);
    },
    () => undefined,
  );
  const deadline = deadlineMs === undefined || chain.length === 0 ? undefined : at + deadlineMs;
  const result = await settled(deps, own, deadline);
  const now = deps.clock.now();
  if (deadline !== undefined && now > deadline) deps.resting.rest(version.onnx, now + REST_LATE_MS);
  if (result === LATE) {
    try {
      const answered = await fallBack(deps, { ...input, standIns: chain, columns, why: undefined });
      deps.count("late_answers", input.rows.length);
      return answered;
    } catch {
      // Late is better than nothing.
      return own;
    }
  }
  if ("value" in result) return result.value;
  if (!canFallBack(result.reason)) throw result.reason;
  if (isUnloadable(result.reason)) deps.resting.rest(version.onnx, now + REST_UNLOADABLE_MS);
  return fallBack(deps, { ...input, standIns, columns, why: result.reason });
}

const LATE = "late";

/** How it went, as soon as that is known; `LATE` when it is not by the deadline (milliseconds since 1970). */
async function settled<T>(
  deps: Pick<PredictDeps, "alarm" | "clock">,
  own: Promise<T>,
  deadline: number | undefined,
): Promise<{ readonly value: T } | { readonly reason: unknown } | typeof LATE> {
  const result = own.then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  );
  if (deadline === undefined) return result;
  const alarm = deps.alarm(Math.max(0, deadline - deps.clock.now()));
  try {
    return await Promise.race([result, alarm.rings.then((): typeof LATE => LATE)]);
  } finally {
    alarm.stop();
  }
}
