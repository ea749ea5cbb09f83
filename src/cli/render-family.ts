import pc from "picocolors";
import type { FamilyView, MemberView } from "../families/family-view.ts";
import { inWords } from "../lib/duration.ts";
import {
  bound,
  counted,
  cut,
  heading,
  labelled,
  percent,
  table,
  when,
  wrap,
} from "./render-text.ts";

/** What a family is, level by level. */
export function renderFamily(view: FamilyView, width: number, now: number): string[] {
  const { model, levels, trainings } = view;
  const last = trainings[0]!;
  const rows = levels.map(
    ({ columns, members, standing, failing, thin, loss, parentLoss, bytes }) => [
      columns.join(" × "),
      members.toLocaleString("en-US"),
      standing.toLocaleString("en-US"),
      thin.toLocaleString("en-US"),
      failing === 0 ? "" : pc.red(String(failing)),
      gain(loss, parentLoss),
      bytes === 0 ? "" : `${bound(Math.ceil(bytes / 1000))} kB`,
    ],
  );
  const under =
    last.under === null
      ? counted(last.members, "member")
      : `${counted(last.members, "member")} again, under training ${last.under}`;
  return [
    "",
    `  ${heading(model)}  training ${last.number}, ${when(last.createdAt, now)}: ${under} in ${inWords(1000 * last.seconds)}`,
    "",
    ...table(
      [
        "level",
        { title: "members", right: true },
        { title: "stand alone", right: true },
        { title: "too thin", right: true },
        { title: "failing", right: true },
        { title: "loss against parents'", right: true },
        "",
      ],
      rows,
      width,
    ),
    "",
    ...wrap(
      `The others use their parent, in the end ${model} itself. A member stands alone when it is shown to be better than its parent on rows that nobody learned from; on average one in twenty of them by chance.`,
      width - 4,
    ).map((line) => pc.dim(`  ${line}`)),
  ];
}

export function renderMembers(members: readonly MemberView[], width: number): string[] {
  if (members.length === 0) return ["  No member matches."];
  const rows = members.map((m) => [
    cut(m.values.join(" · "), 32),
    m.rows.toLocaleString("en-US"),
    m.stands ? m.candidate : pc.dim("parent"),
    gain(m.loss, m.parentLoss),
    m.q === null ? "" : rate(m.q),
    cut(m.name, 40),
  ]);
  return table(
    [
      "member",
      { title: "rows", right: true },
      "answers",
      { title: "loss", right: true },
      { title: "q", right: true },
      "name",
    ],
    rows,
    width,
  );
}

export function renderMember(m: MemberView, width: number, now: number): string[] {
  const tried = Object.entries(m.tried).sort(([, a], [, b]) => a - b);
  const answers = m.version
    ? `${m.candidate}, version ${m.version.number}${m.reason === null ? "" : `; ${m.reason}`}`
    : `its parent: ${m.reason ?? ""}`;
  return [
    "",
    `  ${heading(m.name)}  ${m.values.join(" · ")}`,
    "",
    ...labelled("answers", answers, width),
    ...labelled("rows", `${counted(m.rows, "row")} to learn from, ${m.testRows} to test`, width),
    ...labelled(
      "loss",
      `${number(m.loss)} on the test rows, its parent ${number(m.parentLoss)}`,
      width,
    ),
    ...(m.q === null ? [] : labelled("q", rate(m.q), width)),
    ...labelled("trained", when(m.trainedAt, now), width),
    ...(m.watched
      ? labelled(
          "lately",
          `loss ${number(m.watched.loss)} on ${counted(m.watched.rows, "row")}${m.watched.failing ? pc.red(": it has become worse") : ""}`,
          width,
        )
      : []),
    "",
    ...table(
      ["tried", { title: "loss", right: true }, ""],
      tried.map(([name, value]) => [name, number(value), ""]),
      width,
    ),
  ];
}

const rate = (q: number): string => (q < 0.001 ? "<0.001" : bound(Number(q.toPrecision(2))));

const number = (value: number | null): string => (value === null ? "–" : value.toPrecision(4));

/** "0.412 (−4.1 %)". */
function gain(loss: number | null, parentLoss: number | null): string {
  if (loss === null || parentLoss === null) return "–";
  const share = parentLoss === 0 ? 0 : (loss - parentLoss) / parentLoss;
  const change = share === 0 ? "" : ` (${share < 0 ? "−" : "+"}${percent(Math.abs(share))})`;
  return number(loss) + change;
}
