import type { AbstainRule } from "../evaluation/abstention.ts";
import type { Levels, ModelFile } from "../families/family.ts";
import type { Digest } from "../lib/digest.ts";

/** Which versions answer for a model. Routes are data: changed live, kept in PostgreSQL, snapshot on the gateway's disk. */
export interface Route {
  readonly model: string;
  /** undefined: a member of a family without a version of its own; its fallbacks answer. */
  readonly champion: RoutedVersion | undefined;
  /** Runs on the same rows after the answer has left; never slows or fails it. */
  readonly shadow: RoutedVersion | undefined;
  /** Other versions that answer a part of the requests; the champion answers the rest. */
  readonly split?: Split | undefined;
  /** Models asked in this order when this one cannot answer: not loadable, overloaded, past its deadline. */
  readonly fallback?: readonly string[] | undefined;
  /** An answer that takes longer comes from the first fallback. */
  readonly deadlineMs?: number | undefined;
  /** Fields of a row beside the model's own columns. */
  readonly fields: RowFields;
  /** Increases with every change of the model's route. */
  readonly revision: number;
}

/** A route whose model has a version to speak for it: its own, or that of its first fallback that has one. */
export type ServedRoute = Route & { readonly champion: RoutedVersion };

/**
 * How requests are divided. Rows with a key (`fields.key`) always meet the same version while the shares last, and change it
 * only towards a version whose share grew; others are drawn by their prediction's id. canary: `percent` of the requests.
 * weights: shares in proportion, the champion is one of the arms. bandit: Thompson sampling from Beta(1 + wins, 1 + losses),
 * the champion is one of the arms.
 */
export type Split = SplitTimes &
  (
    | {
        readonly kind: "canary";
        readonly version: RoutedVersion;
        /** 0..100. */
        readonly percent: number;
        /** Percentages still to climb, the loop does it; undefined: it stays where it is until a person says otherwise. */
        readonly steps?: readonly number[] | undefined;
      }
    | {
        readonly kind: "weights";
        readonly arms: readonly { readonly version: RoutedVersion; readonly weight: number }[];
      }
    | {
        readonly kind: "bandit";
        readonly arms: readonly {
          readonly version: RoutedVersion;
          readonly wins: number;
          readonly losses: number;
          /** P(the arm is the best) under these Betas, 0..1: how often Thompson sampling would draw it. */
          readonly share: number;
        }[];
      }
  );

interface SplitTimes {
  /** Seeds who meets whom. Stays while only shares change, so that a later split of the same versions mixes anew. */
  readonly id: string;
  /** When the split began, and when its shares were last changed: ms since 1970; event time in replays. */
  readonly begun: number;
  readonly since: number;
}

/** The part of a model version that a gateway needs: enough to serve without the database. A ModelVersion is one. */
export interface RoutedVersion {
  readonly id: Digest;
  /** 1, 2, 3 … within the model, for people. */
  readonly number: number;
  readonly onnx: Digest;
  /** Of a member of a family: the model whose answer is one of its inputs. */
  readonly over?: ModelFile | undefined;
  /** When it says nothing rather than something uncertain. */
  readonly abstain?: AbstainRule | undefined;
  /** Blob: rows of its training data (`explanation/keep-background.ts`), against which its answers are explained. */
  readonly background?: Digest | undefined;
}

/** What rows may carry beside the model's columns. Any other field is an error, because it is probably a misspelt column. */
export interface RowFields {
  /** Becomes the `key` of the prediction. May be a column of the model, too. */
  readonly key?: string | undefined;
  /** Becomes the `eventTime` of the prediction. May be a column of the model, too. */
  readonly time?: string | undefined;
  /** Kept in the log for retraining and slices; the model does not see them. */
  readonly pass?: readonly string[] | undefined;
  /** Of a family: columns whose values name its members, the finest level first. The first member that has a route answers. */
  readonly levels?: Levels | undefined;
}
