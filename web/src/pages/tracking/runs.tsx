import type { RunStateName } from "@millwright/sdk/contract/shapes";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo, useQuery } from "../../location.tsx";
import { Empty } from "../../ui/empty.tsx";
import { plural } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { PipelinesCard } from "./pipelines.tsx";
import { RunTable } from "./run-table.tsx";

const STATES: readonly RunStateName[] = [
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled",
];
const LIMIT = 200;

export function RunsPage() {
  const asked = useQuery().get("state");
  const state = STATES.find((s) => s === asked);
  const live = useLive(`runs ${state}`, () =>
    api.runs({ limit: LIMIT, ...(state === undefined ? {} : { state }) }),
  );
  if (!live.data) return <Pending live={live} title="Runs" />;
  const { runs } = live.data;
  return (
    <Page
      title="Runs"
      lead="Every execution of a pipeline, newest first. A finished step never runs twice."
    >
      {state === undefined && <PipelinesCard />}
      <nav className="chips" aria-label="Filter by state">
        {[undefined, ...STATES].map((s) => (
          <Link
            key={s ?? "all"}
            to={pathTo.runs(s)}
            aria-current={s === state ? "true" : undefined}
          >
            {s ?? "all"}
          </Link>
        ))}
      </nav>
      {runs.length > 0 ? (
        <section className="card flush" aria-label="Runs">
          <RunTable runs={runs} />
        </section>
      ) : state === undefined ? (
        <Empty title="Nothing has run yet." commands={["millwright train"]}>
          A training run reads the data, races the candidates, judges the best one and serves it if
          its gates allow it.
        </Empty>
      ) : (
        <Empty title={`No run is ${state}.`} />
      )}
      {runs.length === LIMIT && (
        <p className="muted">
          The newest {plural(LIMIT, "run")}; <code>millwright runs --limit 10000</code> has more.
        </p>
      )}
    </Page>
  );
}
