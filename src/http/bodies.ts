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

/** Bodies as streams: who reads them slows the sender down. */
export function readStream(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_, body, done) => done(null, body));
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
