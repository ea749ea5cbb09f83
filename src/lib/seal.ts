/** Keeps secrets in the database so that the database alone does not give them away. */
export interface Seal {
  seal(text: string): Uint8Array;
  /** Throws `invalid_config` when it was sealed with another key. */
  open(sealed: Uint8Array): string;
}
