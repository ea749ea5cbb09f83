import type { Leaderboard } from "../training/leaderboard.ts";
import type { Evaluation } from "./evaluate.ts";

const figure = (value: number): string => String(Number(value.toPrecision(3)));
const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** What only some races have to say, by a word: who was left out, what was searched, how much was luck, whether probabilities were calibrated. */
export function raceNotes(
  { leftOut, search, optimism }: Leaderboard,
  { calibration }: Evaluation,
): { readonly about: string; readonly words: string }[] {
  const notes: { readonly about: string; readonly words: string }[] = [];
  if (leftOut) notes.push({ about: "left out", words: leftOut });
  if (search) {
    const tried = `${counted(search.proposed, "configuration")} beyond the portfolio in ${counted(search.rounds, "round")}`;
    notes.push({ about: "search", words: `${tried}; ${search.ended}.` });
  }
  if (optimism)
    notes.push({
      about: "luck",
      words: `The best score is optimistic by about ${figure(optimism.optimism)}: chosen on some rows and asked on others, the best scores ${figure(optimism.estimate)}.`,
    });
  if (calibration) {
    const { ece, reason } = calibration;
    const error = `Calibration error: ${figure(ece.before)} before, ${figure(ece.after)} after.`;
    notes.push({ about: "calibration", words: `${reason} ${error}` });
  }
  return notes;
}
