import type { Digest } from "../../lib/digest.ts";

/**
 * Somewhere a program can run that is not this process: it goes on when we die, and whoever comes next finds it by its id. Ids are
 * DNS labels (at most 63 of a-z, 0-9, -). Every call may be repeated. Errors that may pass are retryable ones; the caller waits.
 */
export interface Place {
  /** Creates the job, or adopts the one of that id. Throws `conflict` when something else has the name. */
  submit(id: string, job: RemoteJob): Promise<void>;
  /** @param mark up to where its log was read, "" at first. undefined: there is no such job. */
  look(id: string, mark: string): Promise<JobLook | undefined>;
  /** Ends it, with all it has started. Nothing happens where there is none, or where it has ended. */
  cancel(id: string): Promise<void>;
  /** Local path of a file it left; undefined: none. Absent where jobs hand their files to control. */
  collect?(id: string, name: string): Promise<string | undefined>;
  /** Removes what the place keeps of a job that is over. Absent where the place does so itself. */
  forget?(id: string): Promise<void>;
}

/**
 * `waiting` for room, an image, a machine; `failed`: the program did; `stopped`: by somebody else; `lost`: neither ended nor there, so
 * another attempt may succeed.
 */
export type JobState = "waiting" | "running" | "succeeded" | "failed" | "stopped" | "lost";

export interface JobLook {
  readonly state: JobState;
  /** Why it waits, or why it ended, for people. */
  readonly words?: string | undefined;
  /** Of its log, since the mark. */
  readonly lines: readonly string[];
  readonly mark: string;
}

export interface RemoteJob {
  readonly work: RemoteWork;
  /** For those who look at the place: which run and which step it belongs to. */
  readonly run: string;
  readonly step: string;
  /** Where control answers to it, for a place that does not see our disk. Throws `unavailable` when it does not. */
  reach(): Promise<JobReach>;
  /** For a place that does: a path with the content of one of the files. */
  local(digest: Digest): Promise<string>;
}

export interface JobReach {
  /** Of this job; see `jobs/routes.ts`. */
  readonly url: string;
  readonly token: string;
}

/** All that a job is: plain data, kept with it. */
export interface RemoteWork {
  readonly program: RemoteProgram;
  readonly files: readonly JobFile[];
  /** Of the program itself. */
  readonly timeoutMs: number;
  /** How long it may wait for its place. */
  readonly startWithinMs: number;
}

export interface RemoteProgram {
  readonly command: readonly string[];
  /** What people call it. */
  readonly label: string;
  /** One of the files: an environment is made of it, once for its content on each machine. */
  readonly requirements?: string | undefined;
  readonly python?: string | undefined;
}

export interface JobFile {
  /** Those of the program are relative to its folder, and are in `project/`. */
  readonly name: string;
  readonly digest: Digest;
  readonly bytes: number;
}

/** What one fit may use. Where it is left out, the place decides. */
export interface JobResources {
  readonly cpu?: number | undefined;
  readonly gpu?: number | undefined;
  /** "4GiB" */
  readonly memory?: string | undefined;
}

export type PlaceOptions = ProcessOptions | RayOptions | KubernetesOptions;

/** A process of this machine that outlives its worker. */
export interface ProcessOptions {
  readonly place: "process";
}

/** A job of a Ray cluster, by its Jobs REST API. A token is read from RAY_AUTH_TOKEN, as Ray's own clients do. */
export interface RayOptions {
  readonly place: "ray";
  /** Of the dashboard: "http://ray-head:8265". */
  readonly address: string;
  /** Beside those of all places: `custom`, Ray's own, by name. */
  readonly resources?:
    | (JobResources & { readonly custom?: Readonly<Record<string, number>> })
    | undefined;
  /** Handed to Ray as it is: pip, conda, image_uri, env_vars. */
  readonly runtimeEnv?: Readonly<Record<string, unknown>> | undefined;
}

/** A Job of a Kubernetes cluster. Who we are there is what kubectl would be: KUBECONFIG, ~/.kube/config, or the pod's own account. */
export interface KubernetesOptions {
  readonly place: "kubernetes";
  /** Holds python3 and what the program needs beside its requirements. */
  readonly image: string;
  /** "default" when left out. */
  readonly namespace?: string | undefined;
  /** Of the kubeconfig; its current one when left out. */
  readonly context?: string | undefined;
  readonly resources?: JobResources | undefined;
  /** "nvidia.com/gpu" when left out. */
  readonly gpuResource?: string | undefined;
  readonly serviceAccount?: string | undefined;
  readonly imagePullSecrets?: readonly string[] | undefined;
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  readonly tolerations?: readonly Readonly<Record<string, string | number>>[] | undefined;
  readonly priorityClass?: string | undefined;
}
