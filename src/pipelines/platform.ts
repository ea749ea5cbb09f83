import type { DatasetStore } from "../datasets/store.ts";
import type { Bodies } from "../engine/bodies.ts";
import type { Compute } from "../engine/compute.ts";
import type { Engine } from "../engine/engine.ts";
import type { Jobs } from "../engine/jobs.ts";
import type { Programs } from "../engine/programs.ts";
import type { StepResults } from "../engine/step-results.ts";
import type { Evaluation } from "../evaluation/evaluate.ts";
import type { FamilyStore } from "../families/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import type { MonitoringStore } from "../monitoring/store.ts";
import type { ListedVersion } from "../registry/model-version.ts";
import type { RegistryStore } from "../registry/store.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ScoringStore } from "../scoring/store.ts";
import type { Erased } from "../serving/log/erase-key.ts";
import type { FoundPrediction } from "../serving/log/find-prediction.ts";
import type { LogPage, PageQuery } from "../serving/log/page-log.ts";
import type { LoggedPrediction, LogQuery } from "../serving/log/query.ts";
import type { Tidied, TidyInput } from "../serving/log/tidy-log.ts";
import type { TrafficProfile } from "../serving/log/traffic-profile.ts";
import type { ProfileQuery } from "../serving/log/window-profile.ts";
import type { Volume } from "../serving/segment.ts";
import type { ServingStore } from "../serving/store.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns } from "../storage/columns/columns.ts";
import type { OwnTracking } from "../tracking/own/keep-run.ts";
import type { ProjectDefinition } from "./project.ts";

/** The project as it is written now. */
export interface LoadedProject {
  readonly definition: ProjectDefinition;
  /** Digest of the bundled code, or, where there are pipelines, of all that is declared beside them: decides "code changed". */
  readonly code: Digest;
  /** The code itself, which pipelines run: see `start-pipeline.ts`. */
  readonly bundle: string;
  /** What git says of its folder; undefined where there is none. */
  readonly commit?: string | undefined;
  /** Absolute path of its folder; dataset sources are relative to it. */
  readonly folder: string;
}

/** Stores that change together: inside `transact` they share one transaction. */
export interface Stores {
  readonly registry: RegistryStore;
  readonly serving: ServingStore;
  readonly monitoring: MonitoringStore;
  readonly families: FamilyStore;
  /** Appends to the event log: what `pipelines/all.ts` starts pipelines from. */
  announce(type: string, subject: string, payload: Json, at: number): Promise<void>;
  /** When that was last said of the subject, ms since 1970. */
  lastAnnounced(type: string, subject: string): Promise<number | undefined>;
}

/** The prediction log: see `serving/log`. */
export interface PredictionLog {
  /** All in memory, by event time. */
  read(query: LogQuery): Promise<LoggedPrediction[]>;
  /** In no particular order, in bounded memory. */
  scan(query: LogQuery): AsyncIterable<readonly LoggedPrediction[]>;
  page(query: PageQuery): Promise<LogPage>;
  find(query: {
    readonly model: string;
    readonly id: string;
  }): Promise<FoundPrediction | undefined>;
  profile(query: ProfileQuery): Promise<TrafficProfile>;
  /** By hour of arrival; of every model when none is named. */
  volumes(model: string | undefined, from: number, to: number): Promise<readonly Volume[]>;
  /** Feedback that belongs to no prediction that is kept. */
  unmatched(model: string): Promise<number>;
  erase(input: {
    readonly model: string;
    readonly key: string;
    readonly at: number;
  }): Promise<Erased>;
  tidy(input: TidyInput): Promise<Tidied>;
}

/** What MLflow's clients logged and registered. */
export interface LoggedByClients {
  /**
   * A file of what a version was registered from (`models:/…`, `runs:/…`, `mlflow-artifacts:/…`), by its path there; undefined:
   * there is none. Throws `invalid_model` when it is larger than `most` bytes or where it cannot be read, in words.
   */
  readFile(source: string, path: string, most: number): Promise<Uint8Array | undefined>;
  /** Tags of a registered version, seen by every client. Nothing happens when it has been deleted meanwhile. */
  tagVersion(model: string, number: number, tags: Readonly<Record<string, string>>): Promise<void>;
}

/** What the pipelines need of the platform. Built in app.ts. */
export interface Platform extends Stores {
  readonly clock: Clock;
  readonly log: Log;
  readonly engine: Engine;
  readonly compute: Compute;
  readonly programs: Programs & {
    /** Where a program finds our tracking, in the words of MLflow's client; a folder of its own when control does not answer. */
    tracking(workspace: string): Promise<Readonly<Record<string, string>>>;
  };
  /** Programs on other machines. */
  readonly jobs: Jobs;
  /** Bodies of people's pipelines, and what their steps made that may answer again. */
  readonly bodies: Bodies;
  readonly results: StepResults;
  readonly blobs: Blobs;
  readonly columns: Columns;
  readonly runtime: Runtime;
  readonly datasets: DatasetStore;
  readonly scoring: ScoringStore;
  readonly predictions: PredictionLog;
  readonly logged: LoggedByClients;
  /** Our own runs, among those of MLflow's clients. */
  readonly tracking: OwnTracking;
  /** Who runs this, by the name the system knows. */
  readonly user: string;
  readonly environment: {
    readonly node: string;
    readonly millwright: string;
    readonly runtime: string;
  };
  readonly threads: number;
  /** The project's, absolute. */
  readonly folder: string;
  project(): Promise<LoadedProject>;
  evaluationOf(version: ListedVersion): Promise<Evaluation>;
  transact<T>(
    body: (stores: Stores & { readonly scoring: ScoringStore }) => Promise<T>,
  ): Promise<T>;
}
