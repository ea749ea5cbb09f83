import { setTimeout as pause } from "node:timers/promises";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";

/** What callers were told: every answer here must be in the log for ever. */
export interface Traffic {
  /** Prediction id → probability. */
  readonly answers: ReadonlyMap<string, number>;
  /** Prediction id → the label that was acknowledged. */
  readonly labels: ReadonlyMap<string, string>;
  /** Calls that got no answer, since nobody was there. */
  readonly lost: () => number;
  /** Resolves after this many further answers. */
  more(answers: number): Promise<void>;
  stop(): Promise<void>;
}

/** Callers that predict and report without pause, and try again when the gateway is away. */
export function traffic(url: string, model: string, callers = 2): Traffic {
  const answers = new Map<string, number>();
  const labels = new Map<string, string>();
  let lost = 0;
  let over = false;
  const call = async (name: number): Promise<void> => {
    const api = client(serving, { url });
    for (let i = 0; !over; i++) {
      try {
        const row = {
          message_id: `live-${name}-${i}`,
          received_at: new Date(Date.UTC(2003, 0, 1) + i * 60_000).toISOString(),
          sender_domain: i % 3 ? "example.com" : "softtip.net",
          subject: i % 2 ? "Re: minutes of the meeting" : "Spend too much? FREE offer",
          has_html: i % 2,
          n_urls: i % 7,
          body_chars: 500 + i,
        };
        const { predictions } = await api.predict({ model, rows: [row] });
        const { id, probability } = predictions[0]!;
        answers.set(id, probability!);
        const label = i % 2 ? "no" : "yes";
        await api.giveFeedback({ model, feedback: [{ id, label }] });
        labels.set(id, label);
      } catch {
        lost++;
        await pause(20);
      }
      // The machine has other things to do in these tests.
      await pause(25);
    }
  };
  const running = Array.from({ length: callers }, (_, name) => call(name));
  return {
    answers,
    labels,
    lost: () => lost,
    async more(wanted) {
      const goal = answers.size + wanted;
      while (answers.size < goal) await pause(10);
    },
    async stop() {
      over = true;
      await Promise.all(running);
    },
  };
}
