import { z } from "zod";
import type {
  KubernetesOptions,
  PlaceOptions,
  ProcessOptions,
  RayOptions,
} from "../engine/remote/place.ts";
import { BYTES } from "../lib/bytes.ts";
import { durationMs } from "../lib/duration.ts";

/** What is run there: a command, or a function of a Python file ("train.py:fit"). One of the two. */
export interface RemoteWhat {
  readonly command?: readonly string[] | undefined;
  readonly entrypoint?: string | undefined;
  /** How long it may wait for its place; "24h" when left out. */
  readonly startWithin?: string | undefined;
}

export interface RemoteRun extends RemoteWhat {
  readonly elsewhere: PlaceOptions;
}

const at = <O extends PlaceOptions>(
  place: O["place"],
  { command, entrypoint, startWithin, ...options }: Omit<O, "place"> & RemoteWhat,
): RemoteRun => ({
  elsewhere: { place, ...options } as unknown as PlaceOptions,
  ...(command === undefined ? {} : { command }),
  ...(entrypoint === undefined ? {} : { entrypoint }),
  ...(startWithin === undefined ? {} : { startWithin }),
});

/** A job of a Ray cluster. */
export const ray = (what: Omit<RayOptions, "place"> & RemoteWhat): RemoteRun =>
  at<RayOptions>("ray", what);
/** A Job of a Kubernetes cluster. */
export const kubernetes = (what: Omit<KubernetesOptions, "place"> & RemoteWhat): RemoteRun =>
  at<KubernetesOptions>("kubernetes", what);
/** A process of the worker's machine that outlives the worker. */
export const process = (what: RemoteWhat): RemoteRun => at<ProcessOptions>("process", what);

const START_WITHIN_MS = 86_400_000;

export const startWithinOf = ({ startWithin }: RemoteWhat): number =>
  (startWithin === undefined ? undefined : durationMs(startWithin)) ?? START_WITHIN_MS;

const texts = z.record(z.string(), z.string());
const resources = {
  cpu: z.number().positive().optional(),
  gpu: z.number().min(0).optional(),
  memory: z.string().regex(BYTES, 'write such as "512MiB" or "4GiB"').optional(),
};

const Place = z.discriminatedUnion("place", [
  z.strictObject({ place: z.literal("process") }),
  z.strictObject({
    place: z.literal("ray"),
    address: z.url({ protocol: /^https?$/, error: 'write such as "http://ray-head:8265"' }),
    resources: z
      .strictObject({
        ...resources,
        custom: z.record(z.string(), z.number().positive()).optional(),
      })
      .optional(),
    runtimeEnv: z.record(z.string(), z.json()).optional(),
  }),
  z.strictObject({
    place: z.literal("kubernetes"),
    image: z.string().min(1),
    namespace: z.string().min(1).optional(),
    context: z.string().min(1).optional(),
    resources: z.strictObject({ ...resources, gpu: z.number().int().min(0).optional() }).optional(),
    gpuResource: z.string().min(1).optional(),
    serviceAccount: z.string().min(1).optional(),
    imagePullSecrets: z.array(z.string().min(1)).optional(),
    nodeSelector: texts.optional(),
    tolerations: z.array(z.record(z.string(), z.union([z.string(), z.number()]))).optional(),
    priorityClass: z.string().min(1).optional(),
  }),
]);

const Remote = z
  .strictObject({
    elsewhere: Place,
    command: z
      .tuple([z.string().min(1)])
      .rest(z.string())
      .optional(),
    entrypoint: z
      .string()
      .regex(/^[^:]+\.py:[A-Za-z_]\w*$/, 'write file and function, such as "train.py:fit"')
      .optional(),
    startWithin: z
      .string()
      .refine((text) => durationMs(text) !== undefined, 'write such as "30m" or "24h"')
      .optional(),
  })
  .refine(({ command, entrypoint }) => (command === undefined) !== (entrypoint === undefined), {
    error: "name what runs there: either command or entrypoint",
  });
const Here = z.tuple([z.string().min(1)]).rest(z.string());

/** `run` of a command: one of the two, each with errors of its own. */
export const RunForm = z.unknown().superRefine((value, context) => {
  const parsed = (Array.isArray(value) ? Here : Remote).safeParse(value);
  for (const { path, message, ...issue } of parsed.error?.issues ?? []) {
    const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    // `elsewhere` is where we keep what a person wrote in the call itself.
    const shown = [...path, ...unknown].filter((key, i) => !(i === 0 && key === "elsewhere"));
    const words = unknown.length > 0 ? "there is no such field" : message;
    context.addIssue({ code: "custom", path: shown, message: words });
  }
});
