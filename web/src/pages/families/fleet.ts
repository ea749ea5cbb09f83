import type { FamilyFleet } from "@millwright/sdk/contract/families";
import type { Bin } from "../../charts/bins-chart.tsx";
import type { HeatCell } from "../../charts/heat-map.tsx";
import { ticks } from "../../charts/scale.ts";
import type { MemberState } from "./words.ts";

/** One member as the map shows it. */
export interface FleetMember {
  readonly name: string;
  readonly values: readonly string[];
  readonly state: MemberState;
  readonly rows: number;
  readonly gain: number | null;
}

const sorted = new WeakMap<FamilyFleet, readonly FleetMember[]>();

/** Those with the most rows first: places stay the same while states change. Made once of a fleet. */
export function membersOf(fleet: FamilyFleet): readonly FleetMember[] {
  const known = sorted.get(fleet) ?? sortedMembers(fleet);
  sorted.set(fleet, known);
  return known;
}

const sortedMembers = (fleet: FamilyFleet): FleetMember[] =>
  fleet.names
    .map((name, i) => ({
      ...{ name, values: fleet.values[i]!, state: fleet.states[i]!, rows: fleet.rows[i]! },
      gain: fleet.gains[i]!,
    }))
    .sort((a, b) => b.rows - a.rows || (a.name < b.name ? -1 : 1));

const texts = new WeakMap<FleetMember, string>();

/** Lower case: what a search looks into, as the server does. Made when somebody searches. */
function textOf(member: FleetMember): string {
  const known = texts.get(member);
  if (known !== undefined) return known;
  const values = member.values.map((value) => JSON.stringify(value)).join(", ");
  const text = `${member.name} [${values}]`.toLowerCase();
  texts.set(member, text);
  return text;
}

/** Upper borders of the colours, as shares of the parent's loss. */
export const GAIN_STEPS = [0.02, 0.05, 0.1, 0.2, Number.POSITIVE_INFINITY] as const;

export function toneOf({ state, gain }: FleetMember, colour: "gain" | "state"): string {
  if (state === "failing") return "failing";
  if (state === "parent" || gain === null) return "parent";
  if (colour === "state") return "gain-4";
  if (gain < 0) return "loss";
  return `gain-${GAIN_STEPS.findIndex((border) => gain < border)}`;
}

export const cellsOf = (
  members: readonly FleetMember[],
  of: {
    readonly colour: "gain" | "state";
    readonly search: string;
    readonly state: MemberState | undefined;
  },
): HeatCell[] => {
  const wanted = of.search.toLowerCase();
  return members.map((member) => ({
    tone: toneOf(member, of.colour),
    dim: (wanted !== "" && !textOf(member).includes(wanted)) || !isState(member, of.state),
  }));
};

/** A failing member stands alone as well. */
const isState = ({ state, gain }: FleetMember, wanted: MemberState | undefined): boolean =>
  wanted === undefined ||
  state === wanted ||
  (state === "failing" && wanted === (gain === null ? "parent" : "stands"));

const BINS = 12;

/** Gains of those that stand alone, in bars with round borders. */
export function gainBins(members: readonly FleetMember[]): Bin[] {
  const gains = members.flatMap(({ gain }) => (gain === null ? [] : [gain]));
  if (gains.length === 0) return [];
  const low = Math.min(0, ...gains);
  const high = Math.max(0.01, ...gains);
  const [first = 0, second = high] = ticks([low, high], BINS);
  const step = second - first;
  const from = Math.floor(low / step);
  const bins = Array.from({ length: Math.floor(high / step) - from + 1 }, (_, i) => ({
    ...{ from: (from + i) * step, to: (from + i + 1) * step, count: 0 },
  }));
  for (const gain of gains)
    bins[Math.min(bins.length - 1, Math.floor(gain / step) - from)]!.count++;
  return bins;
}

export function medianGain(members: readonly FleetMember[]): number | undefined {
  const gains = members.flatMap(({ gain }) => (gain === null ? [] : [gain])).sort((a, b) => a - b);
  const middle = gains.length / 2;
  return gains.length === 0
    ? undefined
    : (gains[Math.ceil(middle) - 1]! + gains[Math.floor(middle)]!) / 2;
}
