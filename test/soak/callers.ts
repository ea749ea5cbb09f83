import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../src/lib/random.ts";
import { random } from "../../src/lib/random.ts";
import { type Mail, mailProbability } from "../scenarios/tiny-models.ts";

/** What the callers were told and what went wrong. */
export interface Told {
  /** Prediction id → probability that was acknowledged. */
  readonly answers: Map<string, number>;
  /** Prediction id → label that was acknowledged. */
  readonly labels: Map<string, string>;
  requests: number;
  /** Requests that were meant to be refused and were. */
  refused: number;
  /** Calls that got no answer or a 5xx, by why. */
  readonly failed: Map<string, number>;
  /** In words: answers that are not what the named version says, or none that should have been given. */
  readonly wrong: string[];
  /** Milliseconds of the answered calls. */
  readonly latencies: number[];
  /** Longest time in which no caller got an answer, ms. */
  longestOutage: number;
  /** Version numbers that answered. */
  readonly versions: Map<number, number>;
}

export const nothingTold = (): Told => ({
  answers: new Map(),
  labels: new Map(),
  requests: 0,
  refused: 0,
  failed: new Map(),
  wrong: [],
  latencies: [],
  longestOutage: 0,
  versions: new Map(),
});

/** Version n of the model has this bias. */
export const biasOf = (version: number): number => (version - 4) / 3;

const SUBJECTS = [
  "invoice attached",
  "hello",
  "Invoice INVOICE",
  "hello invoice hello",
  "日本語 ✓",
  "",
];
const DOMAINS = ["evil.example", "good.example", "", null];

export interface Callers {
  stop(): Promise<void>;
}

/** Callers of every kind, without pause but for `restMs`; each answer is computed again here. */
export function callers(url: string, told: Told, options: { n: number; restMs: number }): Callers {
  let over = false;
  let lastAnswer = Date.now();
  const one = async (name: number): Promise<void> => {
    const chance = random(`caller ${name}`);
    for (let i = 0; !over; i++) {
      const call = CALLS[(name + i) % CALLS.length]!;
      const started = performance.now();
      told.requests++;
      try {
        await call({ url, told, chance });
        told.latencies.push(performance.now() - started);
        const now = Date.now();
        told.longestOutage = Math.max(told.longestOutage, now - lastAnswer);
        lastAnswer = now;
      } catch (error) {
        const why = error instanceof Failed ? error.message : "no connection";
        told.failed.set(why, (told.failed.get(why) ?? 0) + 1);
        await pause(50);
      }
      await pause(options.restMs);
    }
  };
  const running = Array.from({ length: options.n }, (_, name) => one(name));
  return {
    async stop() {
      over = true;
      await Promise.all(running);
    },
  };
}

class Failed extends Error {}

interface CallContext {
  readonly url: string;
  readonly told: Told;
  readonly chance: Random;
}

type Call = (context: CallContext) => Promise<void>;

const CALLS: readonly Call[] = [rowCall, inferCall, rowCall, mlflowCall, batchCall, badCall];

async function post(url: string, body: unknown, type = "application/json"): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status >= 500) {
    await response.text();
    throw new Failed(String(response.status));
  }
  return response;
}

function mail(chance: Random): Mail {
  return {
    amount: chance.int(5) === 0 ? null : chance.int(20_000) / 100,
    domain: DOMAINS[chance.int(DOMAINS.length)]!,
    subject: SUBJECTS[chance.int(SUBJECTS.length)]!,
  };
}

function check(
  { told }: CallContext,
  sent: Mail,
  got: { id: string; probability: number; version: number },
): void {
  told.versions.set(got.version, (told.versions.get(got.version) ?? 0) + 1);
  const expected = mailProbability(biasOf(got.version), sent);
  if (!(Math.abs(expected - got.probability) < 1e-5))
    told.wrong.push(
      `version ${got.version} said ${got.probability} instead of ${expected} of ${JSON.stringify(sent)}`,
    );
  if (told.answers.has(got.id)) told.wrong.push(`the id ${got.id} was given twice`);
  told.answers.set(got.id, got.probability);
}

async function rows(context: CallContext, n: number): Promise<void> {
  const sent = Array.from({ length: n }, () => mail(context.chance));
  const response = await post(`${context.url}/models/mail/predict`, { rows: sent });
  const body = (await response.json()) as {
    predictions?: { id: string; probability: number; version: number }[];
  };
  if (body.predictions?.length !== n) {
    context.told.wrong.push(`predict answered ${response.status} ${JSON.stringify(body)}`);
    return;
  }
  for (const [i, prediction] of body.predictions.entries()) check(context, sent[i]!, prediction);
  if (context.chance.int(3) !== 0) return;
  const { id } = body.predictions[0]!;
  const label = context.chance.int(2) === 0 ? "no" : "yes";
  await post(`${context.url}/models/mail/feedback`, { feedback: [{ id, label }] });
  context.told.labels.set(id, label);
}

function rowCall(context: CallContext): Promise<void> {
  return rows(context, 1);
}

function batchCall(context: CallContext): Promise<void> {
  return rows(context, 2 + context.chance.int(40));
}

async function inferCall(context: CallContext): Promise<void> {
  const sent = [mail(context.chance), mail(context.chance)];
  const tensor = (name: keyof Mail, datatype: string) => ({
    name,
    datatype,
    shape: [sent.length],
    data: sent.map((row) => row[name] ?? null),
  });
  const response = await post(`${context.url}/v2/models/mail/infer`, {
    inputs: [tensor("amount", "FP32"), tensor("domain", "BYTES"), tensor("subject", "BYTES")],
  });
  const body = (await response.json()) as {
    model_version: string;
    outputs?: { name: string; data: (string | number)[] }[];
  };
  const data = (name: string) => body.outputs?.find((output) => output.name === name)?.data ?? [];
  const [ids, probabilities] = [data("prediction_id"), data("probability")];
  if (ids.length !== sent.length)
    context.told.wrong.push(`infer answered ${response.status} ${JSON.stringify(body)}`);
  for (const [i, id] of ids.entries())
    check(context, sent[i]!, {
      id: String(id),
      probability: Number(probabilities[2 * i + 1]),
      version: Number(body.model_version),
    });
}

async function mlflowCall(context: CallContext): Promise<void> {
  const sent = mail(context.chance);
  const response = await post(`${context.url}/models/mail/invocations`, {
    dataframe_records: [sent],
  });
  const body = (await response.json()) as {
    predictions?: string[];
    ids: string[];
    outputs: number[][];
    version: number;
  };
  if (body.predictions?.length !== 1) {
    context.told.wrong.push(`invocations answered ${response.status} ${JSON.stringify(body)}`);
    return;
  }
  const probability = body.outputs[0]![0]!;
  check(context, sent, { id: body.ids[0]!, probability, version: body.version });
}

const BAD = [
  '{"rows": [{"amount": "many"}]}',
  '{"rows": [{"amuont": 1}]}',
  '{"rows": []}',
  '{"rows": [{"amount": 1}',
  '{"rows": [[1]]}',
  "[]",
];

async function badCall({ url, told, chance }: CallContext): Promise<void> {
  const body = BAD[chance.int(BAD.length)]!;
  const response = await post(`${url}/models/mail/predict`, body);
  const text = await response.text();
  if (response.status < 400) told.wrong.push(`${body} was answered ${response.status} ${text}`);
  told.refused++;
}
