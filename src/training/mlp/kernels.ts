import { instantiate } from "../kernels/instantiate.ts";
import { wasm } from "../kernels/mlp.gen.ts";

/** What src/training/kernels/mlp.as.ts exports; its comments say what each does. Pointers are byte offsets. */
export interface MlpKernels {
  multiply(A: number, B: number, C: number, m: number, k: number, n: number): void;
  multiplyLeft(A: number, D: number, G: number, m: number, k: number, n: number): void;
  multiplyRight(D: number, B: number, P: number, m: number, k: number, n: number): void;
  addBias(C: number, bias: number, m: number, n: number, relu: number): void;
  gateRelu(D: number, H: number, size: number): void;
  sumRows(D: number, out: number, m: number, n: number): void;
  embed(
    offsets: number,
    ids: number,
    values: number,
    E: number,
    X: number,
    m: number,
    d: number,
    stride: number,
    at: number,
  ): void;
  embedBack(
    offsets: number,
    ids: number,
    values: number,
    G: number,
    D: number,
    m: number,
    d: number,
    stride: number,
    at: number,
  ): void;
  squares(g: number, size: number): number;
  descend(w: number, g: number, size: number, rate: number): void;
  adam(
    w: number,
    g: number,
    m: number,
    v: number,
    size: number,
    rate: number,
    shrink: number,
  ): void;
}

export const mlpKernels = (memory: WebAssembly.Memory): MlpKernels => instantiate(wasm, memory);
