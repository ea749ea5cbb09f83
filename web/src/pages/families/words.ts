import type { FamilyLevel, FamilyView } from "@millwright/sdk/contract/families";
import type { Tone } from "../../ui/badge.tsx";
import { count, percent, plural } from "../../ui/format.ts";

export type MemberState = "parent" | "stands" | "failing";

export const STATES: Readonly<Record<MemberState, { readonly tone: Tone; readonly word: string }>> =
  {
    failing: { tone: "bad", word: "failing" },
    stands: { tone: "good", word: "stands alone" },
    parent: { tone: "plain", word: "uses its parent" },
  };

export const stateOf = ({
  stands,
  watched,
}: {
  readonly stands: boolean;
  readonly watched: { readonly failing: boolean } | null;
}): MemberState => (watched?.failing ? "failing" : stands ? "stands" : "parent");

/** "country × market_segment". */
export const levelName = (columns: readonly string[]): string => columns.join(" × ");

/** A loss, or a difference of two, with as many digits as say something. */
export const lossText = (loss: number | null): string =>
  loss === null ? "–" : loss.toPrecision(4);

/** "−4.1 %": a loss against its parent's. "" where they are the same or one is missing. */
export function change(loss: number | null, parentLoss: number | null): string {
  if (loss === null || !parentLoss || loss === parentLoss) return "";
  return signed((loss - parentLoss) / parentLoss);
}

/** Two digits where one would be 0. */
export function signed(share: number): string {
  const size = Math.abs(share);
  const text = size < 0.001 ? `${(100 * size).toPrecision(1)} %` : percent(size);
  return `${share < 0 ? "−" : "+"}${text}`;
}

/** A rate of false discoveries. */
export const rateText = (q: number): string =>
  q < 0.001 ? "< 0.001" : String(Number(q.toPrecision(2)));

/** What a candidate is, for those who did not write it. */
export function candidateText(candidate: string): string {
  if (candidate === "parent") return "the parent as it is";
  const strength = /^shrunk-(\d+)$/.exec(candidate)?.[1];
  if (strength === undefined) return "a model of its own";
  return Number(strength) >= 10 ? "corrects the parent cautiously" : "corrects the parent freely";
}

export const sumOf = (
  levels: readonly FamilyLevel[],
  what: "members" | "standing" | "failing" | "thin",
) => levels.reduce((sum, level) => sum + level[what], 0);

/** Is anything wrong, and what is it all worth: two sentences. */
export function headline({ levels, overall }: FamilyView): string {
  const [members, standing, failing] = [
    sumOf(levels, "members"),
    sumOf(levels, "standing"),
    sumOf(levels, "failing"),
  ];
  const who =
    standing === 0
      ? `None of ${plural(members, "member")} stands alone: their parents answer for all of them`
      : standing === members
        ? `All ${plural(members, "member")} stand alone`
        : `${count(standing)} of ${plural(members, "member")} ${standing === 1 ? "stands" : "stand"} alone, parents answer for the others`;
  const fails =
    failing === 0 ? "none is failing" : `${count(failing)} ${failing === 1 ? "is" : "are"} failing`;
  return `${who}; ${fails}.${worth(overall)}`;
}

function worth(overall: FamilyView["overall"]): string {
  if (overall === null) return "";
  const { loss, sharedLoss, testRows } = overall;
  const text = change(loss, sharedLoss);
  const rows = `on ${plural(testRows, "row")} that nobody learned from`;
  if (text === "") return ` On the whole the loss is that of the model everybody shares, ${rows}.`;
  const [less, share] = [text.startsWith("−"), text.slice(1)];
  return ` On the whole the loss is ${share} ${less ? "lower" : "higher"} than that of the model everybody shares: ${lossText(loss)} against ${lossText(sharedLoss)}, ${rows}.`;
}

/** Trains those again that fail, by their names or by what `family` lists of them. */
export const retrainCommand = (model: string, names: readonly string[], failing: number): string =>
  names.length === failing
    ? `millwright train ${model} --members ${names.map(shellWord).join(" ")}`
    : `millwright train ${model} --members $(millwright family ${model} --failing --limit 100000 --json | jq -r '.members[].name')`;

/** As a shell takes it. */
export const shellWord = (text: string): string =>
  /^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
