/**
 * The steps a chart of so many points shows: evenly spread over those that exist (by rank, not by value), with the last one and
 * the ends of every run. As MLflow samples: the step of rank floor(i · n / points).
 * @param steps distinct, ascending.
 * @param ends first and last step of each run.
 */
export function sampledSteps(
  steps: readonly number[],
  points: number,
  ends: readonly number[],
): number[] {
  const sampled = new Set(ends);
  if (steps.length <= points) for (const step of steps) sampled.add(step);
  else {
    const interval = steps.length / points;
    for (let i = 0; i < points; i++) sampled.add(steps[Math.floor(i * interval)]!);
    sampled.add(steps.at(-1)!);
  }
  return [...sampled].sort((a, b) => a - b);
}
