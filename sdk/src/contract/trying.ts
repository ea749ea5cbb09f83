import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { explanation, prediction, row } from "./serving.ts";

const Version = z.object({
  /** The model the version belongs to: another one when a fallback answered. */
  model: z.string(),
  number: z.number(),
  id: z.string(),
});

const InputsShape = z.object({
  version: Version,
  task: z.enum(["binary", "multiclass", "regression", "tensors"]),
  target: z.string(),
  classes: z.array(z.string()),
  columns: z.array(
    z.object({
      name: z.string(),
      role: z.enum(["numeric", "category", "time", "text", "tensor"]),
      /** Of a nested list; null = any length. */
      shape: z.array(z.number().nullable()).optional(),
    }),
  ),
});

const TriedShape = z.object({
  version: Version,
  target: z.string(),
  /** As the gateway would answer; `id` is empty, nothing is kept. */
  prediction,
  /** Why there is no explanation, in words. */
  unexplained: z.string().nullable(),
});

const WhySaidShape = z.object({
  version: Version,
  target: z.string(),
  explanation,
  /** The same in words, the strongest first. */
  reasons: z.array(z.string()),
});

const Model = z.object({ model: z.string().min(1).max(100) });
/** Number, alias or digest. */
const Named = z.string().min(1).max(100).default("champion");

export const trying = {
  inputs: endpoint({
    method: "GET",
    path: "/api/models/{model}/inputs",
    summary: "What a version takes: its columns, in its order.",
    input: Model.extend({ version: Named }),
    output: InputsShape,
  }),
  tryRow: endpoint({
    method: "POST",
    path: "/api/models/{model}/try",
    summary:
      "Answers one row with any version, and says why. Computed here: nothing is logged, no route is asked.",
    input: Model.extend({ version: Named, row }),
    output: TriedShape,
  }),
  whySaid: endpoint({
    method: "GET",
    path: "/api/models/{model}/predictions/{id}/why",
    summary: "Why a logged prediction says what it says, by the version that made it.",
    input: Model.extend({ id: z.string().min(1).max(100) }),
    output: WhySaidShape,
  }),
};

export type ModelInputs = z.output<typeof InputsShape>;
export type Tried = z.output<typeof TriedShape>;
