const modules = new Map<string, WebAssembly.Module>();

/** An instance of a built kernel module over `memory`. Modules are compiled once a thread. */
export function instantiate<T>(base64: string, memory: WebAssembly.Memory): T {
  let module = modules.get(base64);
  if (module === undefined) {
    module = new WebAssembly.Module(decode(base64));
    modules.set(base64, module);
  }
  return new WebAssembly.Instance(module, { env: { memory, abort() {} } }).exports as T;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base 64 without the host's help (no `atob`, no `Buffer` in portable code). */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const length = (text.length / 4) * 3 - (text.match(/=*$/)?.[0].length ?? 0);
  const bytes = new Uint8Array(length);
  for (let i = 0, o = 0; i < text.length; i += 4, o += 3) {
    let word = 0;
    for (let k = 0; k < 4; k++) word = (word << 6) | Math.max(0, ALPHABET.indexOf(text[i + k]!));
    bytes[o] = word >> 16;
    if (o + 1 < length) bytes[o + 1] = (word >> 8) & 255;
    if (o + 2 < length) bytes[o + 2] = word & 255;
  }
  return bytes;
}
