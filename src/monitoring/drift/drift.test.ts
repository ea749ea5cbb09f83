import { expect, test } from "vitest";
import { driftContract } from "../../testing/drift-contract.ts";
import { DRIFT_TESTS } from "./all.ts";

for (const member of DRIFT_TESTS) driftContract(member);

test("names are distinct and every member says what larger means", () => {
  expect(new Set(DRIFT_TESTS.map(({ name }) => name)).size).toBe(DRIFT_TESTS.length);
  for (const { meaning, citation } of DRIFT_TESTS) {
    expect(meaning.length).toBeGreaterThan(40);
    expect(citation).toMatch(/\d{4}/);
  }
});
