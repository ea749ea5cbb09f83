import { z } from "zod";
import type { Gate } from "./gate.ts";

const params = z.strictObject({
  /** Largest difference |stored - memory| of any output, as a share of max(1, |memory|); numbers: of the usual one at least. */
  max: z.number().positive().default(1e-5),
});

export const parity: Gate<z.infer<typeof params>> = {
  name: "parity",
  description:
    "The stored ONNX model gives the same outputs through the serving runtime as the trained model in memory (difference at most 1e-5).",
  params,
  judge({ parity: measured }, { max }) {
    if (measured === undefined)
      return {
        outcome: "warn",
        reason: "the stored model was not compared with the trained one",
        detail: null,
      };
    const { maxDifference, rows } = measured;
    const detail = {
      maxDifference: Number.isFinite(maxDifference) ? maxDifference : null,
      rows,
      max,
    };
    const seen = `outputs differ by at most ${maxDifference.toExponential(1)} on ${rows} rows`;
    return maxDifference <= max
      ? { outcome: "pass", reason: seen, detail }
      : {
          outcome: "fail",
          reason: `${seen}, allowed is ${max}: what would be served is not what was trained. This is a defect of the export; keep the version and report it`,
          detail,
        };
  },
};
