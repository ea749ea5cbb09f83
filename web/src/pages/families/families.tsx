import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { count, percent } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";

const EVERY_MS = 5000;

/** Models that have a model of their own for each of many members. */
export function FamiliesPage() {
  const live = useLive("families", () => api.families({}), EVERY_MS);
  if (!live.data) return <Pending live={live} title="Families" />;
  const { families } = live.data;
  return (
    <Page
      title="Families"
      lead="One definition, a model for each of many members (customers, shops, machines), where it proves to be better than the one they share."
    >
      {families.length === 0 ? (
        <NoFamily />
      ) : (
        <section className="card flush" aria-label="Families">
          <div className="scroll">
            <table className="rows folds">
              <thead>
                <tr>
                  <th scope="col">Family</th>
                  <th scope="col">State</th>
                  <th scope="col" className="number">
                    Members
                  </th>
                  <th scope="col" className="number">
                    Stand alone
                  </th>
                  <th scope="col">Trained</th>
                </tr>
              </thead>
              <tbody>
                {families.map(({ model, members, standing, failing, trainedAt }) => (
                  <tr key={model}>
                    <th scope="row">
                      <Link to={pathTo.family(model)}>{model}</Link>
                    </th>
                    <td>
                      {failing === 0 ? (
                        <Badge tone="good">none fails</Badge>
                      ) : (
                        <Badge tone="bad">{count(failing)} failing</Badge>
                      )}
                    </td>
                    <td className="number" data-label="Members">
                      {count(members)}
                    </td>
                    <td className="number" data-label="Stand alone">
                      {count(standing)}
                      {members > 0 && <span className="muted"> {percent(standing / members)}</span>}
                    </td>
                    <td data-label="Trained">
                      <Age at={trainedAt} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p className="foot same">
            <span>The same from a terminal</span>
            <Command text={`millwright family ${families[0]!.model}`} />
          </p>
        </section>
      )}
    </Page>
  );
}

const NoFamily = () => (
  <Empty title="No family has been trained yet." commands={["millwright train <model>"]}>
    Give a model of <code>millwright.config.ts</code> a line such as{" "}
    <code>{'family: family({ by: "customer" })'}</code> and train it: each customer gets a model of
    its own where that is better than the one everybody shares.
  </Empty>
);
