import type { ModelDetail } from "@millwright/sdk/contract/models";
import type { VolumeHour } from "@millwright/sdk/contract/predictions";
import { api } from "../../api.ts";
import { HoursChart } from "../../charts/hours-chart.tsx";
import { useLive } from "../../live.ts";
import { Link, useQuery, withQuery } from "../../location.tsx";
import { useNow } from "../../ui/age.tsx";
import { Card } from "../../ui/card.tsx";
import { count, millis, moment, percent, plural } from "../../ui/format.ts";

const HOUR = 3_600_000;
const VOLUME_EVERY_MS = 15_000;
const SPANS: readonly (readonly [query: string, words: string, hours: number])[] = [
  ["", "2 days", 48],
  ["7d", "7 days", 24 * 7],
  ["30d", "30 days", 24 * 30],
];

/** How much was answered by hour, and how often it said nothing, beside what was promised. */
export function Traffic({ model }: { model: ModelDetail }) {
  const wanted = useQuery().get("span") ?? "";
  const [span, words, hours] = SPANS.find(([query]) => query === wanted) ?? SPANS[0]!;
  const now = Math.floor(useNow() / HOUR) * HOUR + HOUR;
  const from = now - hours * HOUR;
  const live = useLive(
    `volume ${model.name} ${from}`,
    () => api.volume({ model: model.name, from: String(from) }),
    VOLUME_EVERY_MS,
  );
  const found = live.data?.hours ?? [];
  const unmatched = live.data?.unmatchedFeedback ?? 0;
  return (
    <>
      <Card
        title="Traffic"
        aside={
          <nav className="chips" aria-label="Period">
            {SPANS.map(([query, name]) => (
              <Link
                key={query}
                to={withQuery({ span: query })}
                aria-current={query === span ? "true" : undefined}
              >
                {name}
              </Link>
            ))}
          </nav>
        }
      >
        {live.data === undefined ? (
          <p className={live.error ? "bad-text" : "loading"}>{live.error?.message ?? "Loading…"}</p>
        ) : found.length === 0 ? (
          <p className="muted">
            No predictions in the last {words}. What is answered appears here within a minute or
            two.
          </p>
        ) : (
          <>
            <p className="conclusion">{conclusion(found, words)}</p>
            <HoursChart hours={found} from={from} to={now} />
          </>
        )}
        {unmatched > 0 && (
          <p className="muted">
            {plural(unmatched, "record of feedback", "records of feedback")} belong
            {unmatched === 1 ? "s" : ""} to no prediction that is kept: sent with a wrong id, or the
            prediction is expired.
          </p>
        )}
      </Card>
      <Silence model={model} hours={found} words={words} />
    </>
  );
}

function conclusion(hours: readonly VolumeHour[], words: string): string {
  const rows = sum(hours, (h) => h.rows);
  const busiest = hours.reduce((most, h) => (h.rows > most.rows ? h : most));
  const latency = sum(hours, (h) => h.latencyMs * h.rows) / Math.max(1, rows);
  return `${plural(rows, "prediction")} in the last ${words}, in ${millis(latency)} on average; most in the hour of ${moment(busiest.hour)}: ${count(busiest.rows)}.`;
}

/** When the champion says nothing: the promise, and what is served of it. */
function Silence({
  model,
  hours,
  words,
}: {
  model: ModelDetail;
  hours: readonly VolumeHour[];
  words: string;
}) {
  const champion = model.history.find((v) => v.number === model.champion?.number);
  if (!champion) return null;
  const { abstain } = champion;
  const rows = sum(hours, (h) => h.rows);
  const said = rows - sum(hours, (h) => h.abstained);
  return (
    <Card title="When it says nothing">
      {abstain === null ? (
        <p className="muted">
          Never: version {champion.number} has no rule to abstain. One is asked for in the project,
          such as <code>{"abstain: { precision: 0.99 }"}</code>, and made by the next training.
        </p>
      ) : (
        <>
          <p>
            Promised: {abstain.kind === "precision" ? "of what it says, at least " : "at least "}
            <b>{percent(abstain.promise)}</b>{" "}
            {abstain.kind === "precision"
              ? "is right"
              : "of the cases have the truth in the set or interval it gives"}
            {abstain.answered !== null && (
              <>
                ; it answered <b>{percent(abstain.answered)}</b> of the held-out rows
              </>
            )}
            .{" "}
            {rows > 0 && (
              <>
                Served: it answered <b>{percent(said / rows)}</b> of {plural(rows, "row")} in the
                last {words}.
              </>
            )}
          </p>
          {abstain.words !== null && <p className="muted prose">{abstain.words}</p>}
        </>
      )}
    </Card>
  );
}

const sum = (hours: readonly VolumeHour[], of: (hour: VolumeHour) => number): number =>
  hours.reduce((total, hour) => total + of(hour), 0);
