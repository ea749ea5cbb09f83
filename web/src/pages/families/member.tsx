import { RequestError } from "@millwright/sdk";
import type { FamilyMemberDetail } from "@millwright/sdk/contract/families";
import { api } from "../../api.ts";
import { type Live, useLive } from "../../live.ts";
import { go, Link, pathTo } from "../../location.tsx";
import { Action } from "../../ui/action.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Facts } from "../../ui/facts.tsx";
import { bytes, count, percent, plural } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { Answering } from "./answering.tsx";
import { Lately } from "./lately.tsx";
import { MemberRoute } from "./member-route.tsx";
import { Tried } from "./tried.tsx";
import { change, lossText, rateText, STATES, shellWord, stateOf } from "./words.ts";

const EVERY_MS = 5000;

/** One member: what answers for it and why, what was tried, how it does lately, and how to train it again. */
export function MemberPage({ model, name }: { model: string; name: string }) {
  const live = useLive(
    `member ${model} ${name}`,
    () => api.member({ model, member: name }),
    EVERY_MS,
  );
  if (live.data) return <Shown model={model} member={live.data} live={live} />;
  if (live.error === undefined) return <Pending live={live} title={name} />;
  const unknown = live.error instanceof RequestError && live.error.code === "not_found";
  return (
    <Page eyebrow={<Up model={model} />} title={name}>
      <Empty
        title={unknown ? "There is no such member." : "This could not be shown."}
        commands={unknown ? [`millwright family ${model} --search <value>`] : []}
      >
        {live.error.message}{" "}
        {unknown && <Link to={pathTo.family(model)}>Look for it among the members</Link>}
      </Empty>
    </Page>
  );
}

const Up = ({ model }: { model: string }) => (
  <>
    <Link to={pathTo.families()}>Families</Link>
    <span aria-hidden="true">/</span>
    <Link to={pathTo.family(model)}>{model}</Link>
  </>
);

function Shown({
  model,
  member: m,
  live,
}: {
  model: string;
  member: FamilyMemberDetail;
  live: Live<FamilyMemberDetail>;
}) {
  const { tone, word } = STATES[stateOf(m)];
  const command = `millwright train ${model} --members ${shellWord(m.name)}`;
  const columns = useLive(`family ${model}`, () => api.family({ model }), 30_000).data?.levels[
    m.level
  ]?.columns;
  return (
    <Page
      eyebrow={
        <>
          <Up model={model} />
          <Badge tone={tone}>{word}</Badge>
        </>
      }
      title={m.values.join(" · ")}
      lead={leadOf(m)}
      actions={
        <Action
          label="Retrain"
          title={`Train ${m.values.join(" · ")} again?`}
          tone="primary"
          command={command}
          act={async () => {
            const { runId } = await api.trainMembers({ model, members: [m.name] });
            live.refresh();
            go(pathTo.run(runId));
          }}
        >
          <p>
            It alone learns from the newest rows, under the parents there are. It{" "}
            {m.stands ? "stands alone again" : "gets a model of its own"} only if that is shown to
            be better than its parent.
          </p>
        </Action>
      }
    >
      <div className="stack">
        {m.watched?.failing && (
          <div className="notice bad">
            <p>
              <b>It has become worse:</b> loss {lossText(m.watched.loss)} on{" "}
              {plural(m.watched.rows, "row")} lately, {lossText(m.expected)} on rows it had not
              learned from. Train it again on newer rows:
            </p>
            <Command text={command} />
          </div>
        )}
        <Card title="About it">
          <Facts
            of={[
              ...m.values.map(
                (value, i) =>
                  [columns?.[i] ?? `value ${i + 1}`, <b key={value}>{value}</b>] as const,
              ),
              ["level", `${m.level}${m.level === 0 ? ", the finest" : ""}`],
              ["rows to learn from", count(m.rows)],
              ["rows to test", count(m.testRows)],
              ["loss on the test rows", lossText(m.loss)],
              ["its parent’s", <ParentLoss key="parent" member={m} />],
              ["q", m.q === null ? "not tested" : rateText(m.q)],
              ...(m.bytes === null ? [] : ([["file", bytes(m.bytes)]] as const)),
              ["trained", <Age key="trained" at={m.trainedAt} />],
              ["its name", <code key="name">{m.name}</code>],
            ]}
          />
          <p className="muted">
            {m.q === null
              ? "It was not tested: no candidate was left that could be compared with the parent on the test rows."
              : `q = ${rateText(m.q)}: if all members with a q up to that stood alone, about ${percent(m.q)} of them would do so by chance. Up to 0.05 stand alone.`}
          </p>
          <p className="same">
            <span>The same from a terminal</span>
            <Command text={`millwright family ${model} ${shellWord(m.name)}`} />
          </p>
        </Card>
        <Answering model={model} member={m} />
        <div className="columns">
          <Tried member={m} />
          <Lately model={model} member={m} />
        </div>
        <MemberRoute model={model} member={m} />
      </div>
    </Page>
  );
}

const ParentLoss = ({ member: { loss, parentLoss, stands } }: { member: FamilyMemberDetail }) => (
  <>
    {lossText(parentLoss)}
    {stands && <span className="muted"> ({change(loss, parentLoss)})</span>}
  </>
);

function leadOf({
  stands,
  candidate,
  version,
  reason,
  loss,
  parentLoss,
  testRows,
}: FamilyMemberDetail) {
  if (!stands)
    return `Its parent answers for it: ${reason ?? "none of its candidates was better"}.`;
  const less = change(loss, parentLoss);
  return `A model of its own answers, version ${version?.number} (${candidate})${less === "" ? "" : `: its loss is ${less.slice(1)} lower than its parent’s on ${plural(testRows, "row")} that nobody learned from`}.${reason === null ? "" : ` Beside the version before: ${reason}.`}`;
}
