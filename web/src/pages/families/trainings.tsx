import type { FamilyTraining } from "@millwright/sdk/contract/families";
import { useState } from "react";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { count, duration } from "../../ui/format.ts";

const SHOWN = 10;

/** When members were trained, by which run, how many, and what it cost. */
export function Trainings({
  trainings,
  model,
}: {
  trainings: readonly FamilyTraining[];
  model: string;
}) {
  const [all, setAll] = useState(false);
  const shown = all ? trainings : trainings.slice(0, SHOWN);
  return (
    <Card title="Trainings" flush>
      <div className="scroll">
        <table className="rows folds">
          <thead>
            <tr>
              <th scope="col">Training</th>
              <th scope="col">Of</th>
              <th scope="col">When</th>
              <th scope="col" className="number">
                Members
              </th>
              <th scope="col" className="number">
                Stood alone
              </th>
              <th scope="col" className="number">
                Took
              </th>
              <th scope="col" className="number">
                Computing
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((t) => (
              <tr key={t.id}>
                <th scope="row">
                  <Link to={pathTo.run(t.runId)}>Training {t.number}</Link>
                  <small className="id">{t.runId}</small>
                </th>
                <td>{t.under === null ? "all members" : `some, under training ${t.under}`}</td>
                <td data-label="When">
                  <Age at={t.createdAt} />
                </td>
                <td className="number" data-label="Members">
                  {count(t.members)}
                </td>
                <td className="number" data-label="Stood alone">
                  {count(t.standing)}
                </td>
                <td className="number" data-label="Took">
                  {duration(1000 * t.seconds)}
                </td>
                <td className="number" data-label="Computing">
                  {duration(1000 * t.computeSeconds)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {trainings.length > shown.length && (
        <p className="more">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {count(trainings.length)}
          </button>
        </p>
      )}
      <p className="foot same">
        <span>Again from a terminal</span>
        <Command text={`millwright train ${model} --members <name>`} />
      </p>
    </Card>
  );
}
