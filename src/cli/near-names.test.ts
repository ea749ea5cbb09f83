import { expect, test } from "vitest";
import { nearNames, suggestion } from "./near-names.ts";

const COLUMNS = ["customerID", "Churn", "TotalCharges", "MonthlyCharges", "credit_risk"];

test("the same letters in another case come first", () => {
  expect(nearNames("churn", COLUMNS)).toEqual(["Churn"]);
  expect(nearNames("customer_id", COLUMNS)).toEqual(["customerID"]);
});

test("a slip of the finger, or a part of the name, is found", () => {
  expect(nearNames("Chrun", COLUMNS)).toEqual(["Churn"]);
  expect(nearNames("Risk", COLUMNS)).toEqual(["credit_risk"]);
});

test("nothing is suggested for what resembles nothing; what there is, is listed", () => {
  expect(nearNames("zzz", COLUMNS)).toEqual([]);
  expect(suggestion("zzz", ["a", "b"], "columns")).toBe('There are "a", "b".');
  expect(suggestion("zzz", [], "models")).toBe("There are no models yet.");
});
