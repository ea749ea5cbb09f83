import pc from "picocolors";
import type { Finding } from "./finding.ts";
import { counted, heading, wrap } from "./render-text.ts";

const MARK: Readonly<Record<Finding["state"], string>> = {
  ok: pc.green("✓"),
  warn: pc.yellow("!"),
  fail: pc.red("✗"),
  skip: pc.dim("–"),
};

export function renderDoctor(findings: readonly Finding[], width: number): string[] {
  const names = Math.max(...findings.map(({ name }) => name.length));
  const indent = names + 6;
  const below = (text: string) =>
    wrap(text, width - indent).map((line) => " ".repeat(indent) + pc.dim(line));
  const lines = findings.flatMap(({ name, state, message, fix }) => {
    const [first, ...more] = message.split("\n").flatMap((part) => wrap(part, width - indent));
    return [
      `  ${MARK[state]} ${name.padEnd(names)}  ${first}`,
      ...more.map((line) => " ".repeat(indent) + line),
      ...(fix === undefined ? [] : below(fix)),
    ];
  });
  return ["", ...lines, "", summary(findings)];
}

function summary(findings: readonly Finding[]): string {
  const count = (state: Finding["state"]) => findings.filter((f) => f.state === state).length;
  const [failed, warned] = [count("fail"), count("warn")];
  if (failed > 0)
    return `${heading(pc.red(counted(failed, "problem")))}${warned > 0 ? ` and ${counted(warned, "remark")}` : ""}`;
  return warned > 0
    ? `${heading("Ready")}, with ${counted(warned, "remark")}`
    : heading("Everything is in order");
}
