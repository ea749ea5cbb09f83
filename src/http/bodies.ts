import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { decoded } from "./encoding.ts";

/** Bodies of any content type as bytes, their `Content-Encoding` undone. */
export function readBytes(scope: FastifyInstance, limit: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => {
    const encoding = request.headers["content-encoding"];
    if (encoding === undefined) done(null, body);
    else
      decoded(body as Buffer, encoding, limit).then(
        (bytes) => done(null, bytes),
        (error: Error) => done(error),
      );
  });
}

/** Bodies as streams: who reads them slows the sender down. A connection on which nothing moves for `stallMs` is ended. */
export function readStream(scope: FastifyInstance, stallMs: number): void {
  scope.removeAllContentTypeParsers();
  // Who stops reading has something to say: the connection is still needed.
  scope.addContentTypeParser("*", (_, body, done) =>
    done(null, body.iterator({ destroyOnReturn: false })),
  );
  scope.addHook("onRequest", async ({ raw }) => {
    raw.socket.setTimeout(stallMs);
  });
}

/** Lets what nobody will read of a request go by, so that its connection can be used again. */
export function letFlow(raw: IncomingMessage): void {
  if (!raw.readableEnded && !raw.destroyed) raw.resume();
}

/** Requests to routes without `stream` must have arrived so long after their head, else their connection is ended. */
export function arriveWithin(app: FastifyInstance, timeoutMs: number): void {
  app.addHook("onRequest", async ({ raw, routeOptions }) => {
    if ((routeOptions.config as { stream?: boolean }).stream || raw.complete) return;
    const timer = setTimeout(() => raw.destroy(), timeoutMs).unref();
    raw.once("close", () => clearTimeout(timer));
    raw.once("end", () => clearTimeout(timer));
  });
}
