import { Link, pathTo } from "../../location.tsx";
import { plural } from "../../ui/format.ts";

/** As many as stand beside each other on the page of comparison. */
export const MOST_COMPARED = 20;

/** What can be done with the runs that are chosen; stays in view while the table scrolls. */
export function ChosenRuns({ chosen, clear }: { chosen: readonly string[]; clear: () => void }) {
  if (chosen.length === 0) return null;
  const some = chosen.length >= 2 && chosen.length <= MOST_COMPARED;
  return (
    <section className="chosen-runs" aria-label="Chosen runs">
      {some ? (
        <Link className="button primary" to={pathTo.compare(chosen)}>
          Compare {chosen.length} runs
        </Link>
      ) : (
        <span>
          {chosen.length === 1
            ? "1 run is chosen. Choose another one to compare them."
            : `${plural(chosen.length, "run")} are chosen; at most ${MOST_COMPARED} are compared.`}
        </span>
      )}
      <button type="button" className="button" onClick={clear}>
        Choose none
      </button>
    </section>
  );
}
