/** The same in every process of a gateway: counted once. */
const SHARED = new Set(["millwright_models_routed"]);

/**
 * The metrics of several processes as those of one gateway, in Prometheus' text format. Counters, histograms (of the same
 * buckets) and most gauges add up; what every process has in common is taken once.
 */
export function mergeMetrics(texts: readonly string[]): string {
  const [first, ...others] = texts;
  if (first === undefined || others.length === 0) return first ?? "";
  /** Comments and samples by metric, so that a metric's lines stay together, as the format wants. */
  const families = new Map<
    string,
    { readonly comments: Set<string>; samples: Map<string, number> }
  >();
  for (const text of texts) {
    let family = "";
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const described = /^# (?:TYPE|HELP) (\S+)/.exec(line);
      if (described !== null) family = described[1]!;
      const sample = /^([^\s{]+)(\{.*\})? (\S+)/.exec(line);
      const name = sample?.[1] ?? family;
      const key = family !== "" && name.startsWith(family) ? family : name;
      const known = families.get(key) ?? { comments: new Set<string>(), samples: new Map() };
      families.set(key, known);
      if (line.startsWith("#")) known.comments.add(line);
      else if (sample !== null) add(known.samples, sample);
    }
  }
  const lines: string[] = [];
  for (const { comments, samples } of families.values()) {
    lines.push(...comments);
    for (const [sample, value] of samples) lines.push(`${sample} ${value}`);
  }
  return `${lines.join("\n")}\n`;
}

function add(samples: Map<string, number>, [, name, labels = "", text]: RegExpExecArray): void {
  const value = Number(text);
  const known = samples.get(name! + labels);
  if (known === undefined) samples.set(name! + labels, value);
  else samples.set(name! + labels, SHARED.has(name!) ? Math.max(known, value) : known + value);
}
