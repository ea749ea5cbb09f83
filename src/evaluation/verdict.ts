import { MillwrightError } from "../errors.ts";
import { GATES, gateNamed } from "./gates/all.ts";
import type { GateContext, GateResult } from "./gates/gate.ts";
import { differenceInWords } from "./wording.ts";

/** All gates together. Plain JSON: stored with the move of the alias that it allowed or refused. */
export interface Verdict {
  readonly pass: boolean;
  /** One sentence for people. */
  readonly summary: string;
  /** Why not (failed gates), or why (passed ones); each a sentence with numbers. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly results: readonly GateResult[];
  /** What these rows could not have shown. */
  readonly couldNotHaveSeen: string;
}

/** A gate by name with its parameters, as the project declares it. */
export interface GateChoice {
  readonly gate: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const DEFAULT_GATES: readonly GateChoice[] = GATES.map(({ name }) => ({
  gate: name,
  params: {},
}));

/** @param further what was judged besides the gates. Judges with every chosen gate, also after one failed: a person wants all reasons at once. @throws invalid_config for unknown gates and params. */
export function verdict(
  context: GateContext,
  gates: readonly GateChoice[] = DEFAULT_GATES,
  further: readonly GateResult[] = [],
): Verdict {
  const results = [...gates.map((choice) => judge(context, choice)), ...further];
  const failed = results.filter((r) => r.outcome === "fail");
  const pass = failed.length === 0;
  const sentence = ({ gate, reason }: GateResult) => `${gate}: ${reason}`;
  return {
    pass,
    summary: pass
      ? `${context.candidate.name} passes ${results.length} of ${results.length} gates`
      : `${context.candidate.name} fails ${failed.map((r) => r.gate).join(", ")} (${results.length - failed.length} of ${results.length} gates passed)`,
    reasons: (pass ? results.filter((r) => r.outcome === "pass") : failed).map(sentence),
    warnings: results.filter((r) => r.outcome === "warn").map(sentence),
    results,
    couldNotHaveSeen: blindSpot(context, results),
  };
}

function judge(context: GateContext, choice: GateChoice): GateResult {
  const gate = gateNamed(choice.gate);
  const params = gate.params.safeParse(choice.params);
  if (!params.success) {
    const [issue] = params.error.issues;
    throw new MillwrightError(
      "invalid_config",
      `gate "${choice.gate}": parameter ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is wrong"}`,
      { details: { gate: choice.gate, params: choice.params } },
    );
  }
  const judgement = gate.judge(context, params.data);
  return { gate: gate.name, pass: judgement.outcome !== "fail", ...judgement };
}

function blindSpot({ metric, target }: GateContext, results: readonly GateResult[]): string {
  const detectable = results.find((r) => r.detectable !== undefined)?.detectable;
  const rows = `${target.length.toLocaleString("en-US")} held-out rows`;
  const general = "Nothing here can see data that the held-out rows do not resemble.";
  return detectable === undefined
    ? `Nothing was compared with a champion on these ${rows}. ${general}`
    : `On ${rows}, a true drop in ${metric.name} of less than ${differenceInWords(metric, detectable)} would be noticed in fewer than four of five cases. ${general}`;
}
