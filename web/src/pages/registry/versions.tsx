import type { ModelDetail, VersionDetail } from "@millwright/sdk/contract/models";
import { api } from "../../api.ts";
import { Link, pathTo } from "../../location.tsx";
import { Action } from "../../ui/action.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Facts } from "../../ui/facts.tsx";
import { percent, shortDigest } from "../../ui/format.ts";
import { MetricValue } from "../../ui/metric-value.tsx";
import { NotJudged } from "./imported.tsx";
import { VerdictList } from "./verdict.tsx";

/** Every version with its verdict in words and what it was made from. */
export function Versions({ model, refresh }: { model: ModelDetail; refresh: () => void }) {
  if (model.history.length === 0)
    return (
      <Empty title="No version yet." commands={[`millwright train ${model.name}`]}>
        A version is kept for ever with the digests of its code, data, parameters and environment.
      </Empty>
    );
  return model.history.map((version, i) => (
    <Version key={version.id} model={model} version={version} refresh={refresh} open={i === 0} />
  ));
}

function Version({
  model,
  version,
  refresh,
  open,
}: {
  model: ModelDetail;
  version: VersionDetail;
  refresh: () => void;
  open: boolean;
}) {
  const champion = version.aliases.includes("champion");
  const failed = version.verdict !== null && !version.verdict.pass;
  const moves = model.moves.filter((m) => m.version === version.number);
  const move = moves.find((m) => m.alias === "champion") ?? moves[0];
  return (
    <article className="card version" aria-label={`Version ${version.number}`}>
      <header>
        <h2>
          Version {version.number}
          {version.aliases.map((alias) => (
            <Badge key={alias} tone={alias === "champion" ? "good" : "live"}>
              {alias}
            </Badge>
          ))}
          {version.origin !== null && <NotJudged />}
          {failed && !move && <Badge tone="bad">held back</Badge>}
        </h2>
        {!champion && !failed && (
          <Action
            label="Promote"
            title={`Make version ${version.number} the champion of ${model.name}?`}
            askReason
            command={`millwright promote ${model.name} ${version.number}`}
            act={async (reason) => {
              await api.promote({
                model: model.name,
                version: String(version.number),
                ...(reason === undefined ? {} : { reason }),
              });
              refresh();
            }}
          >
            <p>
              {version.origin === null
                ? "It passed its gates and answers within seconds"
                : "No gate has judged it: it was imported. It answers within seconds"}
              {model.champion !== null && ` instead of version ${model.champion.number}`}. Rolling
              back is one command.
            </p>
          </Action>
        )}
      </header>
      <div className="metrics">
        {version.metrics.slice(0, 5).map((metric) => (
          <MetricValue key={metric.name} metric={metric} named />
        ))}
      </div>
      {move && (
        <p className="became">
          <b>
            Became {move.alias} <Age at={move.at} />:
          </b>{" "}
          {move.reason}.
        </p>
      )}
      {version.verdict ? (
        open || failed ? (
          <VerdictList verdict={version.verdict} />
        ) : (
          <details>
            <summary>{version.verdict.summary}</summary>
            <VerdictList verdict={version.verdict} />
          </details>
        )
      ) : (
        <p className="muted">
          {version.origin === null
            ? "No verdict is kept for this version."
            : `From ${version.origin.file}, ${version.origin.producer}. No gate has seen it.`}
        </p>
      )}
      {version.abstain !== null && (
        <p className="became">
          <b>
            Says nothing rather than something uncertain (
            {version.abstain.kind === "precision" ? "precision" : "coverage"}{" "}
            {percent(version.abstain.promise)}):
          </b>{" "}
          {version.abstain.words ??
            (version.abstain.answered === null
              ? "what it costs was not kept."
              : `answered ${percent(version.abstain.answered)} of the held-out rows.`)}
        </p>
      )}
      <p className="same">
        <Link to={`${pathTo.model(model.name, "try")}?version=${version.number}`}>Try it</Link>
        <Link to={`${pathTo.model(model.name, "predictions")}?version=${version.number}`}>
          Its predictions
        </Link>
      </p>
      {failed && !champion && (
        <p className="same">
          <span>Overriding the gates is possible from a terminal only; the reason is kept</span>
          <Command
            text={`millwright promote ${model.name} ${version.number} --force --reason "…"`}
          />
        </p>
      )}
      <details>
        <summary>What it was made from</summary>
        <Facts
          of={[
            ["Trainer", version.trainer],
            ["Made", <Age key="a" at={version.createdAt} />],
            [
              "Run",
              version.runId === null ? (
                "none: it was imported"
              ) : (
                <Link key="r" to={pathTo.run(version.runId)}>
                  {version.runId}
                </Link>
              ),
            ],
            ["Parent", version.parent === null ? "none" : `version ${version.parent}`],
            ["Seed", version.seed],
            [
              "Data",
              version.dataset === null ? (
                "not known"
              ) : model.dataset === null ? (
                <code key="d">{shortDigest(version.dataset)}</code>
              ) : (
                <Link
                  key="d"
                  to={`${pathTo.dataset(model.dataset)}?version=${shortDigest(version.dataset)}`}
                >
                  <code>{shortDigest(version.dataset)}</code>
                </Link>
              ),
            ],
            [
              "Code",
              version.code === null ? "none" : <code key="c">{shortDigest(version.code)}</code>,
            ],
            ...(version.origin === null
              ? []
              : ([
                  ["File", `${version.origin.file}, ${version.origin.producer}`],
                  [
                    "Opsets",
                    Object.entries(version.origin.opsets)
                      .map(([domain, number]) => `${domain === "" ? "ai.onnx" : domain} ${number}`)
                      .join(", "),
                  ],
                  ["Digest of the file", shortDigest(version.origin.sha256)],
                  ["Notes", version.origin.notes.join("; ") || "none"],
                ] as const)),
            [
              "Explained against",
              version.background ? "rows of its training data, kept with it" : "no rows were kept",
            ],
            ["ONNX", <code key="o">{shortDigest(version.onnx)}</code>],
            [
              "Environment",
              `Node ${version.environment.node}, Millwright ${version.environment.millwright}, ${version.environment.runtime}`,
            ],
            ["Parameters", <code key="p">{JSON.stringify(version.params)}</code>],
          ]}
        />
      </details>
    </article>
  );
}
