/** What a model predicts. Binary models score one class (`positive`), multiclass all of them, regression a number. */
export type Task = "binary" | "multiclass" | "regression";

/**
 * What a model said about some rows.
 * binary: `values[i]` = probability of the positive class (width 1);
 * multiclass: `values[i*width + k]` = probability of class k; regression: `values[i]` = the number (width 1).
 */
export interface Scores {
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array;
}

/**
 * What was true. binary: 0 or 1; multiclass: class index; regression: the number.
 * NaN = not known.
 */
export type Target = Float64Array;
