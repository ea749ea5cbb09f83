import { MillwrightError } from "../errors.ts";
import type { Signature } from "../onnx/signature.ts";
import { bestProbabilities } from "../stats/best-arm.ts";
import type { RoutedVersion, Split } from "./route.ts";

/** A split as a person asks for it; versions by number, alias or digest. */
export type SplitRequest =
  | {
      readonly kind: "canary";
      readonly version: string;
      readonly percent: number;
      /** Percentages to climb after `percent`, ascending; 100 = promoted. Left out: it stays. */
      readonly steps?: readonly number[] | undefined;
    }
  | {
      readonly kind: "weights";
      readonly arms: readonly { readonly version: string; readonly weight: number }[];
    }
  | { readonly kind: "bandit"; readonly arms: readonly { readonly version: string }[] };

/** What a version must show to get a part of the traffic. A ModelVersion is one. */
export type Candidate = RoutedVersion & { readonly signature: Signature };

export interface SplitContext {
  readonly model: string;
  readonly champion: Candidate;
  /** The versions named in the request, by the names used there. */
  readonly versions: ReadonlyMap<string, Candidate>;
  /** The split there is: the same versions go on with whom they met. */
  readonly before: Split | undefined;
  /** Of the route's next revision: names a new split. */
  readonly revision: number;
  /** ms since 1970. */
  readonly at: number;
}

const MOST_ARMS = 20;

/** Throws `invalid_input`, naming the field, the value and the fix. */
export function makeSplit(request: SplitRequest, context: SplitContext): Split {
  const made = bodyOf(request, context);
  const { before, revision, at } = context;
  const goesOn = before?.kind === made.kind && sameVersions(before, made);
  return {
    id: `split_${revision}`,
    begun: at,
    ...(goesOn ? began(before) : {}),
    since: at,
    ...made,
  };
}

const began = ({ id, begun }: Split) => ({ id, begun });

type Body = Split extends infer S
  ? S extends Split
    ? Omit<S, "id" | "begun" | "since">
    : never
  : never;

function bodyOf(request: SplitRequest, context: SplitContext): Body {
  const { champion, before } = context;
  if (request.kind === "canary") {
    const version = candidate(request.version, context);
    if (version.id === champion.id)
      throw wrong("version", request.version, "another version than the champion");
    const percent = inPercent("percent", request.percent);
    const steps = request.steps?.map((step, i) => inPercent(`steps.${i}`, step));
    [percent, ...(steps ?? [])].reduce((last, step) => {
      if (step <= last) throw wrong("steps", step, `more than the ${last} before it`);
      return step;
    });
    return { kind: "canary", version, percent, ...(steps && steps.length > 0 ? { steps } : {}) };
  }
  const { arms } = request;
  const versions = arms.map((arm) => candidate(arm.version, context));
  if (new Set(versions.map((v) => v.id)).size < arms.length)
    throw wrong("arms", arms.map((a) => a.version).join(", "), "different versions");
  if (arms.length < 2 || arms.length > MOST_ARMS)
    throw wrong("arms", arms.length, `between 2 and ${MOST_ARMS} versions`);
  if (!versions.some((version) => version.id === champion.id))
    throw wrong(
      "arms",
      versions.map((v) => v.number).join(", "),
      `a list with the champion (version ${champion.number}) in it: it is what the others are compared with`,
    );
  if (request.kind === "weights")
    return {
      kind: "weights",
      arms: versions.map((version, i) => {
        const { weight } = request.arms[i]!;
        if (!(weight > 0 && weight <= 1e6)) throw wrong(`arms.${i}.weight`, weight, "above 0");
        return { version, weight };
      }),
    };
  if (champion.signature.task !== "binary" && champion.signature.task !== "multiclass")
    throw wrong(
      "kind",
      "bandit",
      `weights: a bandit counts right and wrong classes, and the model's task is ${champion.signature.task}`,
    );
  const known = before?.kind === "bandit" ? before.arms : [];
  return withShares(
    versions.map((version) => {
      const { wins, losses } = known.find((arm) => arm.version.id === version.id) ?? NOTHING;
      return { version, wins, losses };
    }),
  );
}

const NOTHING = { wins: 0, losses: 0 };

/** A bandit's arms with how often each is drawn. */
export function withShares(
  arms: readonly {
    readonly version: RoutedVersion;
    readonly wins: number;
    readonly losses: number;
  }[],
): Extract<Body, { kind: "bandit" }> {
  const shares = bestProbabilities(arms);
  return { kind: "bandit", arms: arms.map((arm, k) => ({ ...arm, share: shares[k]! })) };
}

/** Callers must not see from one row to the next that another version answered: the same question, the same classes in the same order. */
function candidate(name: string, { model, champion, versions }: SplitContext): Candidate {
  const version = versions.get(name);
  if (version === undefined)
    throw new MillwrightError(
      "not_found",
      `Model ${model} has no version ${JSON.stringify(name)}. See: millwright show ${model}`,
    );
  const why = incompatible(version.signature, champion.signature);
  if (why !== undefined)
    throw new MillwrightError(
      "invalid_input",
      `Version ${version.number} of ${model} cannot share requests with the champion (version ${champion.number}): ${why}. Prove it in shadow or promote it.`,
    );
  return version;
}

/** Why two versions cannot answer the same callers, in words. */
export function incompatible(own: Signature, champion: Signature): string | undefined {
  if (own.task !== champion.task || own.target !== champion.target)
    return `it answers ${own.task} ${own.target}, the champion ${champion.task} ${champion.target}`;
  if (own.classes.join("\n") !== champion.classes.join("\n"))
    return `its classes are ${own.classes.join(", ")}, the champion's ${champion.classes.join(", ")}`;
  return undefined;
}

function sameVersions(a: Split, b: Body): boolean {
  const ids = (split: Split | Body) =>
    split.kind === "canary" ? [split.version.id] : split.arms.map((arm) => arm.version.id).sort();
  return ids(a).join() === ids(b).join();
}

function inPercent(field: string, value: number): number {
  if (!(value >= 0 && value <= 100)) throw wrong(field, value, "a percentage from 0 to 100");
  return value;
}

const wrong = (field: string, value: unknown, expected: string): MillwrightError =>
  new MillwrightError(
    "invalid_input",
    `split.${field}: ${JSON.stringify(value)} should be ${expected}.`,
  );
