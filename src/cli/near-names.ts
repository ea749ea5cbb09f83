/** Of `names`, those a person probably meant: the same letters in another case first, then few edits away, then parts. At most three. */
export function nearNames(wanted: string, names: readonly string[]): string[] {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_.-]+/g, "");
  const target = plain(wanted);
  const scored = names.map((name) => {
    const other = plain(name);
    const edits = distance(target, other);
    const inside =
      target.length >= 3 &&
      (other.includes(target) || (other.length >= 3 && target.includes(other)));
    return { name, edits, score: edits === 0 ? 0 : inside ? 1 : 1 + edits };
  });
  return scored
    .filter(({ score, edits }) => score <= 1 || edits <= Math.ceil((target.length - 1) / 3))
    .sort((a, b) => a.score - b.score)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `did you mean "Churn"?`, or what there is. */
export function suggestion(wanted: string, names: readonly string[], what: string): string {
  const near = nearNames(wanted, names).map((name) => JSON.stringify(name));
  if (near.length > 0) return `Did you mean ${near.join(" or ")}?`;
  if (names.length === 0) return `There are no ${what} yet.`;
  const shown = names.slice(0, 20).map((name) => JSON.stringify(name));
  return `There ${names.length === 1 ? "is" : "are"} ${shown.join(", ")}${names.length > 20 ? `, and ${names.length - 20} more` : ""}.`;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). Long names are cut: they differ early or not. */
function distance(a: string, b: string): number {
  const [s, t] = [a.slice(0, 60), b.slice(0, 60)];
  let before: number[] = [];
  let previous = Array.from({ length: t.length + 1 }, (_, j) => j);
  for (let i = 1; i <= s.length; i++) {
    const row = [i];
    for (let j = 1; j <= t.length; j++) {
      const same = s[i - 1] === t[j - 1] ? 0 : 1;
      row[j] = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + same);
      if (i > 1 && j > 1 && s[i - 1] === t[j - 2] && s[i - 2] === t[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, previous] = [previous, row];
  }
  return previous[t.length]!;
}
