import type { RunDetail } from "@millwright/sdk/contract/runs";
import { useState } from "react";
import { api } from "../../api.ts";
import { Action } from "../../ui/action.tsx";
import { JsonField, readJson, shellWord } from "./json-field.tsx";

/** What a run waits to be told, by the names of its steps. */
export const waitedFor = ({ steps }: Pick<RunDetail, "steps">): string[] =>
  steps.flatMap(({ name, state }) =>
    state === "waiting" && name.startsWith("wait for ") ? [name.slice("wait for ".length)] : [],
  );

/** A person's answer to a run that waits for it. */
export function SendSignal({
  run,
  topic,
  onSent,
}: {
  run: string;
  topic: string;
  onSent: () => void;
}) {
  const [text, setText] = useState("null");
  const payload = readJson(text);
  const said = payload === null ? "" : ` ${shellWord(text.replaceAll(/\s*\n\s*/g, " "))}`;
  return (
    <Action
      label={`Send "${topic}"`}
      title={`Tell this run "${topic}"?`}
      tone="primary"
      command={`millwright signal ${run} ${shellWord(topic)}${said}`}
      act={async () => {
        if (payload === undefined) throw new Error('Write JSON, such as true or {"go": true}.');
        await api.signalRun({ run, topic, payload });
        onSent();
      }}
    >
      <p>It waits for this, and goes on with what is said here.</p>
      <JsonField label="What to tell it, as JSON" text={text} onText={setText} />
    </Action>
  );
}
