/** WHATWG Encoding: every JavaScript host has it, though the language's own types do not. */
declare const TextDecoder: new (
  label: string,
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

declare const TextEncoder: new () => {
  encode(text: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, target: Uint8Array): { readonly written: number };
};

const encoder = new TextEncoder();
const lenient = new TextDecoder("utf-8", { fatal: false, ignoreBOM: false });
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Without a byte order mark; what is not UTF-8 becomes U+FFFD. */
export const utf8Text = (bytes: Uint8Array): string => lenient.decode(bytes);

/** The text of exactly these bytes, or undefined when they are not UTF-8. */
export function strictUtf8Text(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

export const utf8Bytes = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** Most texts in tensors are ids and labels: up to this length a loop beats the encoder's call. */
const SHORT = 64;

/** Writes the bytes of a text, at most three a unit, and says how many they were. */
export function writeUtf8(text: string, target: Uint8Array, at: number): number {
  if (text.length <= SHORT) {
    let i = 0;
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) break;
      target[at + i] = unit;
    }
    if (i === text.length) return i;
  }
  return encoder.encodeInto(text, target.subarray(at)).written;
}
