/** 32 hex digits of chance, as MLflow makes its ids. @param chance uniform in [0, 1), from a cryptographic source. */
export function hexId(chance: () => number): string {
  let id = "";
  for (let i = 0; i < 8; i++)
    id += Math.floor(chance() * 0x1_0000)
      .toString(16)
      .padStart(4, "0");
  return id;
}
