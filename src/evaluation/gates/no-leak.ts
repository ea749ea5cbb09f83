import { z } from "zod";
import { leakProbe } from "../leak-probe.ts";
import { valueInWords } from "../wording.ts";
import type { Gate } from "./gate.ts";

const params = z.strictObject({
  /** Columns a person has looked at and accepts as they are. */
  accept: z.array(z.string()).default([]),
  /** Single-column strength above which a column is suspected. */
  max: z.number().min(0.5).max(1).default(0.99),
});

export const noLeak: Gate<z.infer<typeof params>> = {
  name: "no_leak",
  description:
    "No single column tells the answer by itself (AUC above 0.99), unless a person accepted it.",
  params,
  judge({ task, target, table, features }, { accept, max }) {
    if (table === undefined)
      return {
        outcome: "warn",
        reason: "no columns were given to look for leaks in",
        detail: null,
      };
    const suspects = leakProbe(table, target, task, features).filter((p) => p.strength > max);
    const leaks = suspects.filter((p) => !accept.includes(p.column));
    const detail = suspects.map(({ column, strength }) => ({
      column,
      strength,
      accepted: accept.includes(column),
    }));
    if (leaks.length === 0)
      return {
        outcome: "pass",
        reason:
          suspects.length === 0
            ? `no column alone orders the target better than ${max}`
            : `only accepted columns know the answer: ${suspects.map((s) => s.column).join(", ")}`,
        detail,
      };
    const named = leaks.map((l) => `${l.column} (${valueInWords(l.strength)})`).join(", ");
    return {
      outcome: "fail",
      reason: `${named} alone tell${leaks.length === 1 ? "s" : ""} the answer, probably known only afterwards. Leave out what is not known when predicting, or accept it: noLeak({ accept: [${leaks.map((l) => JSON.stringify(l.column)).join(", ")}] })`,
      detail,
    };
  },
};
