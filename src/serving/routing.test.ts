import { describe, expect, test } from "vitest";
import { digestOf } from "../lib/digest.ts";
import { labelOf } from "./answer.ts";
import { readFeedback } from "./feedback.ts";
import type { ServedRoute } from "./route.ts";
import { routeTable } from "./route-table.ts";
import { decide, routeOf } from "./routing.ts";

const version = (number: number) => ({ id: digestOf(`v${number}`), number, onnx: digestOf("x") });
const route: ServedRoute = {
  model: "m",
  champion: version(3),
  shadow: version(4),
  fields: {},
  revision: 1,
};

describe("routing", () => {
  test("the champion answers, with the shadow beside it; by number and digest too", () => {
    const usual = { version: route.champion, variant: "champion", shadow: route.shadow };
    expect(decide(route)).toEqual(usual);
    expect(decide(route, "3")).toEqual(usual);
    expect(decide(route, route.champion.id)).toEqual(usual);
  });

  test("a requested shadow answers alone; anything else is not served", () => {
    expect(decide(route, "4")).toEqual({
      version: route.shadow,
      variant: "requested",
      shadow: undefined,
    });
    for (const wanted of ["5", "03", "", "sha256:"])
      expect(() => decide(route, wanted)).toThrow(/served: 3, 4/);
    expect(() => decide({ ...route, shadow: undefined }, "4")).toThrow(/served: 3\./);
  });

  test("an unknown model is told which are known, or how many", () => {
    const routes = routeTable();
    expect(() => routeOf(routes, "x")).toThrow(/none yet/);
    for (const model of ["b", "a"]) routes.set({ ...route, model });
    expect(() => routeOf(routes, "x")).toThrow(/"x" is deployed. Deployed: a, b\./);
    for (let i = 0; i < 30; i++) routes.set({ ...route, model: `m${i}` });
    expect(() => routeOf(routes, "x")).toThrow(/32 others/);
    routes.remove("a");
    expect(routes.get("a")).toBeUndefined();
  });
});

describe("labels", () => {
  const signature = { target: "t", columns: [] };
  test("are the more probable class, the positive one from 0.5 on, or the number", () => {
    const binary = { ...signature, task: "binary", classes: ["no", "yes"] } as const;
    expect([0.49, 0.5].map((p) => labelOf(binary, [p]))).toEqual(["no", "yes"]);
    const three = { ...signature, task: "multiclass", classes: ["a", "b", "c"] } as const;
    expect(labelOf(three, [0.2, 0.5, 0.3])).toBe("b");
    expect(labelOf({ ...signature, task: "regression", classes: [] }, [-2.5])).toBe(-2.5);
  });

  test("in feedback are the model's own: numbers and booleans match the class they spell", () => {
    const id = `pred_${"0".repeat(22)}`;
    const classes = { ...signature, task: "binary", classes: ["0", "true"] } as const;
    const { records, problems } = readFeedback(
      classes,
      "m",
      [
        { id, label: 0 },
        { id, label: true },
        { id, label: "1" },
      ],
      7,
    );
    expect(records.map((r) => [r.label, r.at])).toEqual([
      ["0", 7],
      ["true", 7],
    ]);
    expect(problems).toEqual([expect.stringContaining('feedback 2, label: "1"')]);
    const number = { ...signature, task: "regression", classes: [] } as const;
    const given = [" 2.5 ", "", "x", true, Number.POSITIVE_INFINITY].map((label) => ({
      id,
      label,
    }));
    expect(readFeedback(number, "m", given, 7).records.map((r) => r.label)).toEqual([2.5]);
  });
});
