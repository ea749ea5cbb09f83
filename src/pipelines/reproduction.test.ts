import { describe, expect, test } from "vitest";
import { reproduction } from "./reproduction.ts";

const made = { code: "sha256:a", environment: { node: "20.1", runtime: "native" } };
const recorded = [
  { name: "auc", value: 0.91 },
  { name: "rmse", value: 190 },
];
const given = { sameBytes: false, recorded, again: recorded, was: made, now: made };

describe("what re-executing a version came to", () => {
  test("the same file is the best proof, whatever has changed around it", () => {
    const { outcome, changed } = reproduction({
      ...{ ...given, sameBytes: true, again: [] },
      now: { ...made, code: "sha256:b" },
    });
    expect(outcome).toBe("same bytes");
    expect(changed).toEqual([expect.stringMatching(/code is another one/)]);
  });

  test("another file with the same figures, within a tolerance that grows with the number", () => {
    const again = [
      { name: "auc", value: 0.9101 },
      { name: "rmse", value: 190.1 },
    ];
    const now = { ...made, environment: { node: "22.0", runtime: "native" } };
    const judged = reproduction({ ...given, again, now });
    expect(judged.outcome).toBe("same metrics");
    expect(judged.summary).toMatch(/node was 20\.1 and is 22\.0/);
  });

  test("other figures, or none, are another model", () => {
    const again = [{ name: "auc", value: 0.905 }];
    const { outcome, summary } = reproduction({ ...given, again });
    expect(outcome).toBe("differs");
    expect(summary).toMatch(/auc was 0\.91 and is 0\.905.*rmse was 190 and is not defined/);
    expect(summary).toMatch(/nothing that is recorded has changed/);
  });
});
