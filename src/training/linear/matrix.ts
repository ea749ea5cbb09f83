import type { Design } from "../encoding/encoding.ts";

/**
 * A design as one matrix: the dense columns, then every id of every bag. Products only; nothing is copied or made dense.
 * `weights` has one number a column, in that order.
 */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** out[i] = row i of the matrix · weights. */
  multiply(weights: Float64Array, out: Float64Array): void;
  /** out[j] = column j of the matrix · residuals. */
  transposed(residuals: Float64Array, out: Float64Array): void;
  /** out[j] = column j squared · rowWeights. */
  squares(rowWeights: Float64Array, out: Float64Array): void;
}

export const columnsOf = (design: Design): number =>
  design.bags.reduce((sum, bag) => sum + bag.size, design.width);

export function matrixOf(design: Design): Matrix {
  const { rows, width, dense, bags } = design;
  return {
    rows,
    columns: columnsOf(design),
    multiply(weights, out) {
      for (let i = 0, p = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += dense[p++]! * weights[j]!;
        out[i] = sum;
      }
      let first = width;
      for (const { size, offsets, ids, values } of bags) {
        for (let i = 0; i < rows; i++) {
          let sum = 0;
          for (let p = offsets[i]!, end = offsets[i + 1]!; p < end; p++)
            sum += values[p]! * weights[first + ids[p]!]!;
          out[i]! += sum;
        }
        first += size;
      }
    },
    transposed: (residuals, out) => gather(design, residuals, out, false),
    squares: (rowWeights, out) => gather(design, rowWeights, out, true),
  };
}

function gather(design: Design, factors: Float64Array, out: Float64Array, squared: boolean): void {
  const { rows, width, dense, bags } = design;
  out.fill(0);
  for (let i = 0, p = 0; i < rows; i++) {
    const factor = factors[i]!;
    for (let j = 0; j < width; j++) {
      const x = dense[p++]!;
      out[j]! += squared ? x * x * factor : x * factor;
    }
  }
  let first = width;
  for (const { size, offsets, ids, values } of bags) {
    for (let i = 0; i < rows; i++) {
      const factor = factors[i]!;
      if (factor === 0) continue;
      for (let p = offsets[i]!, end = offsets[i + 1]!; p < end; p++) {
        const x = values[p]!;
        out[first + ids[p]!]! += squared ? x * x * factor : x * factor;
      }
    }
    first += size;
  }
}
