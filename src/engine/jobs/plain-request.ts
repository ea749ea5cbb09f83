import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface PlainAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One call without the headers that `fetch` adds (`Sec-Fetch-Mode`): Ray's dashboard takes whoever sends them for a page of a browser, and
 * answers 405. Redirects are answers like others. Rejects when nothing answered in time.
 */
export function plainRequest(
  url: URL,
  options: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | undefined;
    readonly timeoutMs: number;
  },
): Promise<PlainAnswer> {
  const { method, headers, body, timeoutMs } = options;
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      { method, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (answer) => {
        const blocks: Buffer[] = [];
        answer
          .on("data", (block: Buffer) => blocks.push(block))
          .on("error", reject)
          .on("end", () =>
            resolve({
              status: answer.statusCode ?? 0,
              text: Buffer.concat(blocks).toString("utf8"),
            }),
          );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}
