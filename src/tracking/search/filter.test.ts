import { describe, expect, it } from "vitest";
import { MillwrightError } from "../../errors.ts";
import { parseFilter } from "./filter.ts";
import type { Clause, SearchKind } from "./kind.ts";
import {
  EVALUATION_DATASETS,
  EXPERIMENTS,
  ISSUES,
  LOGGED_MODELS,
  MODEL_VERSIONS,
  REGISTERED_MODELS,
  RUNS,
  TRACES,
} from "./kinds.ts";
import { parseOrder } from "./order.ts";

/** `metric f1 >= 0.5`. */
const shown = ({ entity, key, operator, value }: Clause): string =>
  [entity, key, operator, value === undefined ? "" : JSON.stringify(value)].join(" ").trim();

const read = (text: string, kind: SearchKind = RUNS): string[] =>
  parseFilter(text, kind).map(shown);

function refusal(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    expect(error).toBeInstanceOf(MillwrightError);
    expect((error as MillwrightError).details.mlflow).toBe("INVALID_PARAMETER_VALUE");
    return (error as MillwrightError).message;
  }
  throw new Error("it was taken");
}

describe("filters of runs that are read", () => {
  const read1 = (text: string) => read(text).join("; ");
  it.each([
    ["", ""],
    ["  \n ", ""],
    ["and", ""],
    ["metrics.f1>0.5", "metric f1 > 0.5"],
    ["metric.f1 >= .5", "metric f1 >= 0.5"],
    ["metrics.f1 <= 5.", "metric f1 <= 5"],
    ["metrics.f1 != -1e-3", "metric f1 != -0.001"],
    ["`metrics`.f1 = 2E+2", "metric f1 = 200"],
    ["metrics.val.loss.min < 3", "metric val.loss.min < 3"],
    ["metrics.`Überlauf 1/s` < 3", "metric Überlauf 1/s < 3"],
    ["metrics.größe < 3", "metric größe < 3"],
    ['metrics."a-b:c" < 3', "metric a-b:c < 3"],
    ["metrics.2xx < 3", "metric 2xx < 3"],
    ["params.depth = '7'", 'param depth = "7"'],
    ['param.depth != "it\'s"', 'param depth != "it\'s"'],
    ["parameters.depth LIKE '%\\_%'", 'param depth LIKE "%\\\\_%"'],
    ["parameter.depth ilike 'A%'", 'param depth ILIKE "A%"'],
    ["params.and = 'and'", 'param and = "and"'],
    ["tags.team IS NULL", "tag team IS NULL"],
    ["tag.team is not null", "tag team IS NOT NULL"],
    ["tags.team not in ('a',\n\"b\")", 'tag team NOT IN ["a","b"]'],
    ["run_id IN ('x')", 'attribute run_id IN ["x"]'],
    ["attributes.run_id IN ('x', )", 'attribute run_id IN ["x"]'],
    ["attr.`Run name` = 'n'", 'attribute run_name = "n"'],
    ["`run name` = 'n'", 'attribute run_name = "n"'],
    ["run.status = 'FINISHED'", 'attribute status = "FINISHED"'],
    ["attribute.Created < 1700000000000", "attribute start_time < 1700000000000"],
    ["created > 5", "attribute start_time > 5"],
    ["end_time >= 9007199254740993", "attribute end_time >= 9007199254740992"],
    ["datasets.context = 'train'", 'dataset context = "train"'],
    ["dataset.digest NOT IN ('d')", 'dataset digest NOT IN ["d"]'],
    ["status='FAILED'and metrics.a<1 AND", 'attribute status = "FAILED"; metric a < 1'],
    ["AND params.a = ';' aNd params.b = ')'", 'param a = ";"; param b = ")"'],
  ])("%s", (text, expected) => expect(read1(text)).toBe(expected));
});

describe("filters of runs that are refused", () => {
  it.each([
    ["metrics.a > 1 OR metrics.b > 1", "joined by AND"],
    ["metrics.a > 1 metrics.b > 1", "joined by AND"],
    ["metrics.a > 1; metrics.b > 1", "multiple expression"],
    ["metrics.a > 1 -- end", "position 14"],
    ["NOT metrics.a > 1", "Invalid attribute key 'NOT'"],
    ["(metrics.a > 1)", "Expected 'Identifier' found '('"],
    ["metrics.a > 1 AND (params.b = 'c')", "Expected 'Identifier' found '('"],
    ["metrics.a BETWEEN 1 AND 2", "After metrics.a comes a comparison"],
    ["metrics.a + 1 > 2", "'+' is not understood at position 10"],
    ["3 < metrics.a", "Expected 'Identifier' found '3'"],
    ["metrics.a == 1", "Invalid comparator '=='"],
    ["metrics.a <> 1", "Invalid comparator '<>'"],
    ["metrics.a ~ 1", "Invalid comparator '~'"],
    ["metrics.a = = 1", "Found ="],
    ["metrics.a =", "comes a value"],
    ["metrics.a", "comes a comparison"],
    ["metrics.a > +1", "'+' is not understood"],
    ["metrics.a > NaN", "Expected numeric value type for metric"],
    ["metrics.a > '1'", "Expected numeric value type for metric"],
    ["metrics.a > metrics.b", "Expected numeric value type for metric"],
    ["metrics.a > 1x", "joined by AND"],
    ["metrics.a LIKE 'x'", "Invalid comparator 'LIKE'"],
    ["metrics.a IS NULL", "only supported for tags and params"],
    ["metrics.a-b > 1", "'-' is not understood at position 9"],
    ["metrics. > 1", "'.' is not understood"],
    ["metrics.'a' > 1", "'.' is not understood"],
    ["start_time LIKE '1'", "Invalid comparator 'LIKE'"],
    ["start_time > '1'", "Expected numeric value type for attribute"],
    ["params.a = 1", "Expected a quoted string value for param"],
    ["params.a = b", "not quoted"],
    ["params.a = `b`", "not quoted"],
    ["params.a > 'b'", "Invalid comparator '>'"],
    ["params.a = 'b", "never closed"],
    ["params.a = b'", "never closed"],
    ["params.a = \"b'", "never closed"],
    ["params.a = 'it''s'", "joined by AND"],
    ["`params.a = 'b'", "never closed"],
    ["status IS 'FAILED'", "comes a comparison"],
    ["status IS NULL", "only supported for tags and params"],
    ["status = FAILED", "not quoted"],
    ["run_id IN ()", "non-empty list"],
    ["run_id IN (1, 2)", "non-empty list"],
    ["run_id IN ('a',,'b')", "non-empty list"],
    ["run_id IN ('a' 'b')", "list of quoted texts"],
    ["run_id IN 'a'", "list of quoted texts"],
    ["run_id IN ('a'", "at its end"],
    ["lifecycle_stage = 'active'", "Invalid attribute key 'lifecycle_stage'"],
    ["attribute.experiment_id = '1'", "Invalid attribute key 'experiment_id'"],
    ["constructor = 'x'", "Invalid attribute key 'constructor'"],
    ["datasets.profile = 'x'", "Invalid dataset key 'profile'"],
    ["metrix.a > 1", "Invalid entity type 'metrix'"],
    ["Metrics.a > 1", "Invalid entity type 'Metrics'"],
    ["params.a RLIKE 'x'", "Invalid comparator 'RLIKE'"],
    ["params.a = 'x\0'", "NUL"],
  ])("%s", (text, reason) => expect(refusal(() => read(text))).toContain(reason));

  it("says what is allowed", () => {
    expect(refusal(() => read("params.a > 'b'"))).toContain("'=', '!=', 'LIKE', 'ILIKE'");
    expect(refusal(() => read("foo = 'b'"))).toContain("'run_id', 'run_name', 'status'");
    expect(refusal(() => read("foo.a = 'b'"))).toContain("'metrics', 'parameter'");
  });
});

describe("hostile filters", () => {
  it("are refused by size, at once", () => {
    expect(refusal(() => read("a".repeat(1_000_000)))).toContain("at most 200000");
    expect(refusal(() => read(`${"tags.a = 'b' AND ".repeat(101)}`))).toContain("100 clauses");
    expect(refusal(() => read(`tags.a LIKE '${"%a".repeat(17)}'`))).toContain("wildcards");
  });

  it("are read in linear time", () => {
    for (const part of ["`", '"', "'", "(", ".", "a.", "a`b`.", "AND ", "NOT ", "<", "-", "1", "é"])
      try {
        read(part.repeat(200_000 / part.length));
      } catch (error) {
        expect(error).toBeInstanceOf(MillwrightError);
        expect((error as Error).message.length).toBeLessThan(1000);
      }
  });
});

describe("other kinds", () => {
  it.each([
    [
      EXPERIMENTS,
      "attribute.name LIKE 'a%' AND tag.k IS NULL",
      'attribute name LIKE "a%"; tag k IS NULL',
    ],
    [
      EXPERIMENTS,
      "creation_time > 3 AND last_update_time <= 4",
      "attribute creation_time > 3; attribute last_update_time <= 4",
    ],
    [
      REGISTERED_MODELS,
      "name ILIKE 'a%' AND tags.`mlflow.prompt.is_prompt` != 'true'",
      'attribute name ILIKE "a%"; tag mlflow.prompt.is_prompt != "true"',
    ],
    [
      MODEL_VERSIONS,
      "name='m' AND run_id IN ('a','b') AND version_number >= 2",
      'attribute name = "m"; attribute run_id IN ["a","b"]; attribute version_number >= 2',
    ],
    [
      LOGGED_MODELS,
      "creation_time > 1 AND model_id IN ('m') AND metrics.a < 2",
      'attribute creation_timestamp > 1; attribute model_id IN ["m"]; metric a < 2',
    ],
    [
      TRACES,
      "trace.status = 'OK' AND timestamp > 5 AND span.attributes.http.url RLIKE '^h'",
      'attribute status = "OK"; attribute timestamp_ms > 5; span attributes.http.url RLIKE "^h"',
    ],
    [
      TRACES,
      "feedback.ok IS NOT NULL AND metadata.a = 'b' AND trace.text LIKE '%x%'",
      'feedback ok IS NOT NULL; metadata a = "b"; attribute text LIKE "%x%"',
    ],
    [
      EVALUATION_DATASETS,
      "tags.a = 'b' AND created_time > 2",
      'tag a = "b"; attribute created_time > 2',
    ],
    [ISSUES, "status = 'open'", 'attribute status = "open"'],
  ])("$0.name: %s", (kind, text, expected) =>
    expect(read(text as string, kind).join("; ")).toBe(expected),
  );

  it.each([
    [EXPERIMENTS, "attributes.name = 'a'", "Invalid entity type 'attributes'"],
    [EXPERIMENTS, "name IN ('a')", "Invalid comparator 'IN'"],
    [EXPERIMENTS, "experiment_id = 3", "Invalid comparator '='"],
    [REGISTERED_MODELS, "name IN ('a')", "Invalid comparator 'IN'"],
    [REGISTERED_MODELS, "run_id = 'a'", "Invalid attribute key 'run_id'"],
    [MODEL_VERSIONS, "name IN ('a')", "Invalid comparator 'IN'"],
    [LOGGED_MODELS, "datasets.name = 'a'", "Invalid entity type 'datasets'"],
    [TRACES, "span.content = 'a'", "Invalid comparator '='"],
    [TRACES, "span.kind = 'a'", "Invalid span key 'kind'"],
    [TRACES, "issue.id != 'a'", "Invalid comparator '!='"],
    [ISSUES, "severity = 'a'", "Invalid attribute key 'severity'"],
  ])("$0.name refuses %s", (kind, text, reason) =>
    expect(refusal(() => read(text as string, kind))).toContain(reason),
  );
});

describe("order_by", () => {
  const order = (items: readonly string[], kind: SearchKind = RUNS): string =>
    parseOrder(items, kind)
      .map(({ entity, key, descending }) => `${entity} ${key} ${descending ? "down" : "up"}`)
      .join("; ");
  it.each([
    ["metrics.f1", "metric f1 up"],
    ["metrics.`f 1`   dEsC", "metric f 1 down"],
    ['params."f 1" asc', "param f 1 up"],
    ["tags.x DESC", "tag x down"],
    ["start_time", "attribute start_time up"],
    ["attributes.Created desc", "attribute start_time down"],
    ["run_id ASC", "attribute run_id up"],
  ])("%s", (item, expected) => expect(order([item])).toBe(expected));

  it.each([
    ["", "Invalid order_by clause"],
    ["metrics.a ", "Invalid order_by clause"],
    [" metrics.a", "Invalid order_by clause"],
    ["metrics.a > 1", "Invalid order_by clause"],
    ["metrics.a DESC ASC", "Invalid order_by clause"],
    ["metrics.a, metrics.b", "Invalid order_by clause"],
    ["`metrics.a", "Invalid order_by clause"],
    ["'metrics.a'", "Invalid order_by clause"],
    ["metrics.a; drop table x", "Invalid order_by clause"],
    ["metrics.a decs", "Invalid ordering key"],
    ["m.a", "Invalid entity type"],
    ["lifecycle_stage", "Invalid attribute key"],
    ["datasets.name", "Invalid order by key"],
  ])("refuses %s", (item, reason) => expect(refusal(() => order([item]))).toContain(reason));

  it("refuses a key twice, and too many", () => {
    expect(refusal(() => order(["created", "start_time DESC"]))).toContain("duplicate fields");
    expect(refusal(() => order(Array.from({ length: 21 }, (_, i) => `metrics.a${i}`)))).toContain(
      "at most 20",
    );
  });

  it("takes names of other kinds", () => {
    expect(order(["experiment_id DESC", "name"], EXPERIMENTS)).toBe(
      "attribute experiment_id down; attribute name up",
    );
    expect(order(["timestamp DESC"], REGISTERED_MODELS)).toBe(
      "attribute last_updated_timestamp down",
    );
    expect(order(["version_number"], MODEL_VERSIONS)).toBe("attribute version_number up");
    expect(order(["timestamp ASC"], TRACES)).toBe("attribute timestamp_ms up");
    expect(refusal(() => order(["source_path"], MODEL_VERSIONS))).toContain(
      "Valid keys are 'name'",
    );
    expect(refusal(() => order(["tags.a"], EXPERIMENTS))).toContain("Invalid order by key");
  });
});
