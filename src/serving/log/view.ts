import type {
  PredictionDetail,
  PredictionView,
  TrafficView,
  VolumeHour,
} from "../../../sdk/src/contract/predictions.ts";
import type { Digest } from "../../lib/digest.ts";
import { distinctCount } from "../../stats/distinct-sketch.ts";
import { empiricalQuantile } from "../../stats/empirical.ts";
import { sdOf } from "../../stats/moments.ts";
import type { NumberProfile, StringProfile } from "../../stats/profile.ts";
import { sketchedDistribution } from "../../stats/quantile-sketch.ts";
import type { Volume } from "../segment.ts";
import type { FoundPrediction } from "./find-prediction.ts";
import type { LoggedPrediction } from "./query.ts";
import type { TrafficProfile } from "./traffic-profile.ts";

/** Numbers of the versions by digest. */
export type VersionNumbers = ReadonlyMap<Digest, number>;

export function predictionView(logged: LoggedPrediction, numbers: VersionNumbers): PredictionView {
  const { id, at, eventTime, key, version, variant, label, abstained, output, latencyMs } = logged;
  return {
    ...{ id, at, eventTime, key: key ?? null, variant, label, latencyMs },
    ...{ version: numbers.get(version) ?? null, versionId: version },
    ...{ abstained: abstained ?? false, output: [...output], truth: logged.truth ?? null },
  };
}

export const predictionDetail = (
  found: FoundPrediction,
  numbers: VersionNumbers,
): PredictionDetail => ({
  ...predictionView(found, numbers),
  inputs: { ...found.inputs },
  beside: found.beside.map((other) => predictionView(other, numbers)),
});

/** Of all versions and variants that answered together, oldest first. */
export function volumeHours(volumes: readonly Volume[]): VolumeHour[] {
  const hours = new Map<number, VolumeHour>();
  for (const { hour, variant, rows, abstained, latencyMs } of volumes) {
    if (variant === "shadow") continue;
    const known = hours.get(hour) ?? { hour, rows: 0, abstained: 0, latencyMs: 0 };
    const all = known.rows + rows;
    hours.set(hour, {
      ...{ hour, rows: all, abstained: known.abstained + abstained },
      latencyMs: (known.latencyMs * known.rows + latencyMs) / all,
    });
  }
  return [...hours.values()].sort((a, b) => a.hour - b.hour);
}

const SHOWN = 20;
const QUANTILES = [0.01, 0.25, 0.5, 0.75, 0.99];

export function trafficView(profile: TrafficProfile): TrafficView {
  const { rows, abstained, labels, keys, inputs, outputs, latencyMs } = profile;
  return {
    rows,
    abstained,
    keys: distinctCount(keys),
    labels: labels.counts.slice(0, SHOWN).map(([label, n]) => ({ label, rows: n })),
    latencyMs: rows === 0 ? null : numbersView(latencyMs),
    outputs: outputs.map(numbersView),
    inputs: Object.entries(inputs).map(([name, { numbers, texts }]) => ({
      name,
      missing: rows - (numbers?.rows ?? 0) - (texts?.rows ?? 0),
      numbers: numbers ? numbersView(numbers) : null,
      texts: texts ? textsView(texts) : null,
    })),
  };
}

function numbersView({ rows, moments, quantiles, distinct }: NumberProfile) {
  const distribution = sketchedDistribution(quantiles);
  const { mean, min, max, n } = moments;
  return {
    ...{ rows, mean, sd: sdOf(moments), min, max, distinct: distinctCount(distinct) },
    quantiles: n === 0 ? [] : QUANTILES.map((p) => empiricalQuantile(distribution, p)),
  };
}

const textsView = ({ rows, distinct, values }: StringProfile) => ({
  ...{ rows, distinct: distinctCount(distinct), missed: values.missed },
  values: values.counts.slice(0, SHOWN).map(([value, n]) => ({ value, rows: n })),
});
