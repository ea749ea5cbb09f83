import type { FamilyLevel, FamilyMemberView } from "@millwright/sdk/contract/families";
import { api } from "../../api.ts";
import { useLast, useLive } from "../../live.ts";
import { go, Link, pathTo, withQuery } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { count } from "../../ui/format.ts";
import { commandOf, type Order, PAGE, queryOf, type View } from "./view.ts";
import { change, lossText, rateText, STATES, stateOf } from "./words.ts";

const EVERY_MS = 5000;

/** A page of the members that are asked for, in the order that is asked for: the server does both. */
export function MemberTable({
  model,
  view: wanted,
  level,
}: {
  model: string;
  view: View;
  level: FamilyLevel;
}) {
  const query = queryOf(wanted);
  const live = useLive(
    `members ${model} ${JSON.stringify(query)}`,
    async () => ({ view: wanted, ...(await api.members({ model, ...query })) }),
    EVERY_MS,
  );
  const shown = useLast(`members ${model}`, live.data);
  if (shown === undefined)
    return (
      <p className={live.error ? "bad-text" : "loading"} role="status">
        {live.error?.message ?? "Loading…"}
      </p>
    );
  // Until the next page has come, what is said is of the one that is shown.
  const { members, total, view } = shown;
  const from = (view.page - 1) * PAGE;
  return (
    <Card
      title="Members"
      aside={
        total === 0
          ? "none"
          : `${count(from + 1)} – ${count(from + members.length)} of ${count(total)}`
      }
      flush
    >
      {live.error !== undefined && <p className="foot bad-text">{live.error.message}</p>}
      {members.length === 0 ? (
        <None view={view} level={level} total={total} />
      ) : (
        <div className="scroll">
          <table className="rows folds members">
            <thead>
              <tr>
                <Head name="name" order={view.order}>
                  Member
                </Head>
                <th scope="col">State</th>
                <th scope="col">Chosen</th>
                <Head name="rows" order={view.order} number>
                  Rows
                </Head>
                <Head name="loss" order={view.order} number>
                  Loss
                </Head>
                <Head name="gain" order={view.order} number>
                  Against parent
                </Head>
                <th scope="col" className="number">
                  q
                </th>
              </tr>
            </thead>
            <tbody>
              {members.map((member) => (
                <Row key={member.name} model={model} member={member} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {total > PAGE && (
        <p className="foot pages">
          {view.page > 1 && <Link to={toPage(view.page - 1)}>Previous</Link>}
          <span className="muted">
            page {count(view.page)} of {count(Math.ceil(total / PAGE))}
          </span>
          {from + PAGE < total && <Link to={toPage(view.page + 1)}>Next</Link>}
        </p>
      )}
      <p className="foot same">
        <span>The same from a terminal</span>
        <Command text={commandOf(model, view)} />
      </p>
    </Card>
  );
}

const toPage = (page: number): string => withQuery({ page: page <= 1 ? undefined : String(page) });

function Row({ model, member: m }: { model: string; member: FamilyMemberView }) {
  const { tone, word } = STATES[stateOf(m)];
  return (
    <tr>
      <th scope="row">
        <Link to={pathTo.member(model, m.name)}>{m.values.join(" · ")}</Link>
        <small className="id">{m.name}</small>
      </th>
      <td>
        <Badge tone={tone}>{word}</Badge>
      </td>
      <td data-label="Chosen">{m.stands ? m.candidate : <span className="muted">parent</span>}</td>
      <td className="number" data-label="Rows">
        {count(m.rows)}
        <small>{count(m.testRows)} to test</small>
      </td>
      <td className="number" data-label="Loss">
        {lossText(m.loss)}
        {m.watched !== null && (
          <small className={m.watched.failing ? "bad-text" : undefined}>
            lately {lossText(m.watched.loss)}
          </small>
        )}
      </td>
      <td className="number" data-label="Against parent">
        {change(m.loss, m.parentLoss) || <span className="muted">–</span>}
      </td>
      <td className="number" data-label="q">
        {m.q === null ? <span className="muted">–</span> : rateText(m.q)}
      </td>
    </tr>
  );
}

function Head({
  name,
  order,
  number = false,
  children,
}: {
  name: Order;
  order: Order;
  number?: boolean;
  children: string;
}) {
  const on = order === name;
  const down = name !== "name";
  return (
    <th
      scope="col"
      className={number ? "number" : undefined}
      aria-sort={on ? (down ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        className="order"
        title={`Order by ${children.toLowerCase()}`}
        onClick={() =>
          go(withQuery({ order: name === "gain" ? undefined : name, page: undefined }))
        }
      >
        {children}
        {on && <span aria-hidden="true">{down ? " ↓" : " ↑"}</span>}
      </button>
    </th>
  );
}

function None({ view, level, total }: { view: View; level: FamilyLevel; total: number }) {
  if (total > 0)
    return (
      <Empty title={`There is no page ${count(view.page)}.`}>
        <Link to={toPage(1)}>To the first page</Link>
      </Empty>
    );
  if (view.state === "failing" && view.search === "")
    return (
      <Empty title="No member of this level is failing.">
        {level.standing === 0
          ? "None of this level has a model of its own."
          : "A member fails when its loss on rows whose truth became known is at least 10 % higher than on rows it had not learned from, by more than chance explains."}{" "}
        <Link to={withQuery({ state: undefined, page: undefined })}>Show all members</Link>
      </Empty>
    );
  return (
    <Empty title="No member of this level matches.">
      {level.thin > 0 && `${count(level.thin)} with too few rows are not listed. `}
      <Link to={withQuery({ search: undefined, state: undefined, page: undefined })}>
        Show all members
      </Link>
    </Empty>
  );
}
