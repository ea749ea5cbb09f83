/** The part of the WebAssembly JavaScript API that the kernels use; neither `es2024` nor Node's types have it. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
    /** In pages of 64 KiB. Throws RangeError when it cannot. */
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory; abort(): void } });
    readonly exports: unknown;
  }
}
