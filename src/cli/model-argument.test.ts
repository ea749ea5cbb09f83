import { expect, test } from "vitest";
import { modelAndVersion } from "./model-argument.ts";

test("the last @ divides a model from its version", () => {
  expect(modelAndVersion("spam")).toEqual(["spam", undefined]);
  expect(modelAndVersion("spam@3")).toEqual(["spam", "3"]);
  expect(modelAndVersion("team@spam@champion")).toEqual(["team@spam", "champion"]);
  expect(modelAndVersion("@3")).toEqual(["@3", undefined]);
});
