import type { Incident } from "@millwright/sdk/contract/shapes";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { plural } from "../../ui/format.ts";

/** One incident: what, why, what it costs, what to do; the findings on request. */
export function IncidentCard({ incident, withModel }: { incident: Incident; withModel: boolean }) {
  const open = incident.state === "open";
  return (
    <article className={open ? "incident open" : "incident"}>
      <header>
        <Badge tone={open ? "bad" : "good"}>{incident.state}</Badge>
        {withModel && <Link to={pathTo.model(incident.model)}>{incident.model}</Link>}
        <span className="muted">
          since <Age at={incident.openedAt} />
          {incident.resolvedAt !== null && (
            <>
              , resolved <Age at={incident.resolvedAt} />
            </>
          )}
        </span>
      </header>
      <h2>{incident.title}</h2>
      <dl>
        <dt>Likely cause</dt>
        <dd>{incident.cause}</dd>
        <dt>Estimated loss</dt>
        <dd>{incident.loss ?? "Cannot be known until labels arrive."}</dd>
        <dt>What to do</dt>
        <dd>{incident.action}</dd>
      </dl>
      {incident.findings.length > 0 && (
        <details>
          <summary>{plural(incident.findings.length, "finding")} behind this incident</summary>
          <ul>
            {incident.findings.map((f) => (
              <li key={`${f.kind} ${f.column} ${f.message}`}>
                <span className="kind">{f.kind.replaceAll("_", " ")}</span>
                {f.column !== null && <code>{f.column}</code>} {f.message}
              </li>
            ))}
          </ul>
        </details>
      )}
    </article>
  );
}
