/** 32 hex digits. @param chance uniform in [0, 1), cryptographic. */
export const hexId = (chance: () => number): string =>
  Array.from({ length: 8 }, () =>
    Math.floor(chance() * 65_536)
      .toString(16)
      .padStart(4, "0"),
  ).join("");
