/**
 * Reads Prometheus' text format 0.0.4 as strictly as `promtool check metrics`, throwing with the line: HELP and TYPE before the
 * samples and once, samples of a family together, valid names and escapes, no series twice, counters that end in `_total`, units in
 * base form, histograms with rising bounds to +Inf, counts that add up, `_sum` and `_count`.
 */
export function checkExposition(text: string): ReadonlyMap<string, number> {
  if (!text.endsWith("\n")) throw new Error("the last line must end with a line feed");
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const finished = new Set<string>();
  const histograms = new Map<string, { bounds: number[]; counts: number[] }>();
  let current = "";
  for (const [i, line] of text.slice(0, -1).split("\n").entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${i + 1}: ${why}: ${line}`);
    };
    const enter = (family: string): void => {
      if (family === current) return;
      if (finished.has(family)) fail("samples of a family must be together");
      if (current !== "") finished.add(current);
      current = family;
    };
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name, rest] = comment;
      enter(name!);
      if (kind === "HELP") {
        if (helped.has(name!)) fail("a second HELP");
        helped.add(name!);
        continue;
      }
      if (types.has(name!)) fail("a second TYPE");
      if (!["counter", "gauge", "histogram", "summary", "untyped"].includes(rest!))
        fail("no such type");
      if (rest === "counter" && !name!.endsWith("_total")) fail("a counter's name ends in _total");
      if (rest !== "counter" && name!.endsWith("_total")) fail("only counters end in _total");
      if (/_(ms|milliseconds|minutes|hours|kb|mb|kilobytes|percent)(_|$)/.test(name!))
        fail("not a base unit");
      types.set(name!, rest!);
      continue;
    }
    if (line.startsWith("#")) fail("a comment that is neither HELP nor TYPE");
    const [, name, labelText, value] =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/.exec(line) ?? fail("no sample");
    const family = [...types.keys()].find(
      (t) =>
        t === name ||
        (types.get(t) === "histogram" && new RegExp(`^${t}_(bucket|sum|count)$`).test(name!)),
    );
    if (family === undefined) fail("a sample without TYPE");
    if (!helped.has(family!)) fail("a sample without HELP");
    if (family !== current) fail("samples of a family must be together");
    const labels = labelsOf(labelText ?? "", fail);
    const number = value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value);
    if (Number.isNaN(number)) fail("no number");
    if (types.get(family!) !== "gauge" && number < 0) fail("below zero");
    const key = `${name}${JSON.stringify([...labels].sort())}`;
    if (samples.has(key)) fail("a series twice");
    samples.set(`${name}${labelText ?? ""}`, number);
    samples.set(key, number);
    if (types.get(family!) !== "histogram") continue;
    const bound = labels.get("le");
    labels.delete("le");
    const series = `${family}${JSON.stringify([...labels].sort())}`;
    const known = histograms.get(series) ?? { bounds: [], counts: [] };
    histograms.set(series, known);
    if (name === `${family}_bucket`) {
      if (bound === undefined) fail("a bucket without le");
      const upTo = bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
      if (upTo <= (known.bounds.at(-1) ?? Number.NEGATIVE_INFINITY)) fail("bounds must rise");
      if (number < (known.counts.at(-1) ?? 0)) fail("buckets add up: a count cannot fall");
      known.bounds.push(upTo);
      known.counts.push(number);
    } else if (name === `${family}_count`) {
      if (known.bounds.at(-1) !== Number.POSITIVE_INFINITY) fail("no +Inf bucket");
      if (number !== known.counts.at(-1)) fail("_count is not the +Inf bucket");
    } else if (name !== `${family}_sum`) fail("no sample of a histogram");
  }
  return samples;
}

function labelsOf(text: string, fail: (why: string) => never): Map<string, string> {
  const labels = new Map<string, string>();
  if (text === "") return labels;
  let rest = text.slice(1, -1);
  while (rest !== "") {
    const [whole, name, value] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/.exec(rest) ??
      fail("labels");
    if (labels.has(name!)) fail("a label twice");
    labels.set(name!, value!);
    rest = rest.slice(whole.length);
  }
  return labels;
}
