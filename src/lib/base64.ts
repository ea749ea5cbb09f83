/** HTML's forgiving-base64, which every JavaScript host has, though the language's own types do not. */
declare function btoa(binary: string): string;

const PIECE = 8192;

export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += PIECE)
    binary += String.fromCharCode(...bytes.subarray(i, i + PIECE));
  return btoa(binary);
}
