import type { Socket } from "node:net";
import type { Arrivals } from "../http/arrivals.ts";
import type { Digest } from "../lib/digest.ts";

/** What the processes of one gateway ask each other. */
export type Question =
  /** Look up the routes now. Answer: the revision of `model` served then. */
  | { readonly kind: "refresh"; readonly model?: string | undefined }
  /** Answer: your metrics as text. */
  | { readonly kind: "metrics" }
  /** Drop a model from memory. */
  | { readonly kind: "unload"; readonly onnx: Digest };

/** The other processes behind the same port. */
export interface Siblings {
  /** What each of the others says. One that is ending or does not answer in time says `undefined`. */
  ask(question: Question): Promise<readonly unknown[]>;
}

/** @param answer what this process says when another one asks. */
export type JoinSiblings = (answer: (question: Question) => Promise<unknown>) => Siblings;

/** Through the primary process, which passes questions on (`processes.ts`). */
export type Message =
  | { readonly gateway: "ask"; readonly id: number; readonly question: Question }
  | { readonly gateway: "question"; readonly id: number; readonly question: Question }
  | { readonly gateway: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly gateway: "answers"; readonly id: number; readonly answers: readonly unknown[] }
  /** Comes with a socket. Until it is `accepted`, the primary keeps it, too. */
  | { readonly gateway: "connection"; readonly id: number }
  | { readonly gateway: "accepted"; readonly id: number };

/** Where the primary process says it listens. */
export const URL_VARIABLE = "MILLWRIGHT_GATEWAY_URL";

/** A process that is alone. */
export const noSiblings: JoinSiblings = () => ({ ask: async () => [] });

/** For a process that was started by `runProcesses`. */
export const siblingsOverIpc: JoinSiblings = (answer) => {
  const waiting = new Map<number, (answers: readonly unknown[]) => void>();
  let count = 0;
  const send = (message: Message): void => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  process.on("message", (message: Message) => {
    if (message.gateway === "answers") {
      waiting.get(message.id)?.(message.answers);
      waiting.delete(message.id);
    }
    if (message.gateway === "question") {
      const { id } = message;
      answer(message.question)
        .catch(() => undefined)
        .then((said) => send({ gateway: "answer", id, answer: said }));
    }
  });
  process.on("disconnect", () => {
    for (const done of waiting.values()) done([]);
    waiting.clear();
  });
  return {
    ask: (question) =>
      new Promise((resolve) => {
        if (!process.connected) return resolve([]);
        const id = count++;
        waiting.set(id, resolve);
        send({ gateway: "ask", id, question });
      }),
  };
};

/** The connections that the primary process hands to this one. */
export const connectionsOverIpc = (): Arrivals => ({
  url: process.env[URL_VARIABLE] ?? "",
  each(take) {
    process.on("message", (message: Message, socket?: Socket) => {
      if (message.gateway !== "connection") return;
      process.send?.({ gateway: "accepted", id: message.id } satisfies Message);
      // The caller may have left on the way.
      if (socket !== undefined) take(socket);
    });
  },
});
