import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Card } from "../../ui/card.tsx";
import { count } from "../../ui/format.ts";
import { RunTable } from "./run-table.tsx";

const LIMIT = 100;

/** The runs that steps of a run started and wait for. Nothing where there are none. */
export function RunChildren({ run, active }: { run: string; active: boolean }) {
  const live = useLive(
    `children of ${run} ${active}`,
    () => api.runs({ parent: run, limit: LIMIT }),
    active ? 2000 : Number.POSITIVE_INFINITY,
  );
  const runs = live.data?.runs ?? [];
  if (runs.length === 0) return null;
  return (
    <Card
      title={`Runs it started (${count(runs.length)}${runs.length === LIMIT ? " or more" : ""})`}
      flush
    >
      <RunTable runs={runs} />
    </Card>
  );
}
