import type { PipelineView } from "@millwright/sdk/contract/pipelines";
import { useState } from "react";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, Link, pathTo } from "../../location.tsx";
import { Action } from "../../ui/action.tsx";
import { Age } from "../../ui/age.tsx";
import { StateBadge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { moment } from "../../ui/format.ts";
import { JsonField, readJson, shellWord } from "./json-field.tsx";

/** What people wrote: when each starts, how its last run ended, and a way to start it. Nothing where there are none. */
export function PipelinesCard() {
  const { data } = useLive("pipelines", () => api.pipelines({}), 5000);
  if (data === undefined || data.pipelines.length === 0) return null;
  return (
    <Card title="Pipelines of the project" flush>
      <div className="scroll">
        <table className="rows folds">
          <thead>
            <tr>
              <th scope="col">Pipeline</th>
              <th scope="col">Starts</th>
              <th scope="col">Last run</th>
              <th scope="col">
                <span className="hidden">Start it</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.pipelines.map((pipeline) => (
              <tr key={pipeline.name}>
                <th scope="row">{pipeline.name}</th>
                <td data-label="Starts">
                  {pipeline.starts === null ? (
                    <span className="muted">when asked for</span>
                  ) : (
                    <>
                      {pipeline.starts}
                      {pipeline.nextAt !== null && <small>next: {moment(pipeline.nextAt)}</small>}
                    </>
                  )}
                </td>
                <td data-label="Last run">
                  {pipeline.last === null ? (
                    <span className="muted">never</span>
                  ) : (
                    <>
                      <StateBadge state={pipeline.last.state} />{" "}
                      <Link to={pathTo.run(pipeline.last.id)}>
                        <Age at={pipeline.last.createdAt} />
                      </Link>
                    </>
                  )}
                </td>
                <td className="number">
                  <StartPipeline pipeline={pipeline} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function StartPipeline({ pipeline: { name, params } }: { pipeline: PipelineView }) {
  const [text, setText] = useState(JSON.stringify(params ?? {}, undefined, 2));
  const given = readJson(text);
  const plain = given === undefined || JSON.stringify(given) === JSON.stringify(params ?? {});
  return (
    <Action
      label={`Run ${name}`}
      title={`Run ${name}?`}
      tone="primary"
      command={`millwright run ${name}${plain ? "" : ` --params ${shellWord(JSON.stringify(given))}`}`}
      act={async () => {
        if (typeof given !== "object" || given === null || Array.isArray(given))
          throw new Error('Params: write an object, such as {"limit": 40}.');
        const { run } = await api.startPipeline({ pipeline: name, params: given });
        go(pathTo.run(run));
      }}
    >
      <p>Its steps run on a worker, with the code as it is now.</p>
      <JsonField label="Params, as JSON" text={text} onText={setText} />
    </Action>
  );
}
