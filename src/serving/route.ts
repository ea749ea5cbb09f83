import type { Digest } from "../lib/digest.ts";

/** Which versions answer for a model. Routes are data: changed live, kept in PostgreSQL, snapshot on the gateway's disk. */
export interface Route {
  readonly model: string;
  readonly champion: RoutedVersion;
  /** Runs on the same rows after the answer has left; never slows or fails it. */
  readonly shadow: RoutedVersion | undefined;
  /** Fields of a row beside the model's own columns. */
  readonly fields: RowFields;
  /** Increases with every change of the model's route. */
  readonly revision: number;
}

/** The part of a model version that a gateway needs: enough to serve without the database. A ModelVersion is one. */
export interface RoutedVersion {
  readonly id: Digest;
  /** 1, 2, 3 … within the model, for people. */
  readonly number: number;
  readonly onnx: Digest;
}

/** What rows may carry beside the model's columns. Any other field is an error, because it is probably a misspelt column. */
export interface RowFields {
  /** Becomes the `key` of the prediction. May be a column of the model, too. */
  readonly key?: string | undefined;
  /** Becomes the `eventTime` of the prediction. May be a column of the model, too. */
  readonly time?: string | undefined;
  /** Kept in the log for retraining and slices; the model does not see them. */
  readonly pass?: readonly string[] | undefined;
}
