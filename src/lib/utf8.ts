/** WHATWG Encoding: every JavaScript host has it, though the language's own types do not. */
declare const TextDecoder: new (
  label: string,
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

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
