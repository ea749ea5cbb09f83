/** Enough of each value to tell it from others, nothing of a short one. */
export const maskedOf = (
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      value.length < 8 ? "***" : `${value.slice(0, 3)}...${value.slice(-4)}`,
    ]),
  );
