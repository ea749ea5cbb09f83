import { z } from "zod";
import { BYTES } from "../lib/bytes.ts";

export const queueName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "use small letters, digits, - _ . (at most 63)");

const Needs = z.strictObject({
  cpu: z.number().min(0).max(1024).optional(),
  memory: z
    .string()
    .refine((text) => BYTES.test(text), { error: 'write such as "512MiB" or "4GiB"' })
    .optional(),
  gpu: z.number().int().min(0).max(1024).optional(),
});

/** Where runs wait for a worker: fields of `train`, and of a pipeline's options. */
export const placingFields = {
  queue: queueName.optional(),
  priority: z.number().int().min(-100).max(100).optional(),
  needs: Needs.optional(),
};
