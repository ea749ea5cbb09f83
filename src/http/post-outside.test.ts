import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outsideUrl } from "./outside-url.ts";
import { postOutside } from "./post-outside.ts";
import { isPublicAddress } from "./public-address.ts";

let server: Server;
let port: number;
let asked = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked += 1;
    if (request.url === "/slow") return;
    if (request.url === "/large") return void response.end("x".repeat(10_000_000));
    response
      .writeHead(307, { location: "/elsewhere", "retry-after": "7" })
      .end(request.headers.host);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close().closeAllConnections());

const post = (
  url: string,
  anywhere: boolean,
  addresses: readonly string[] = [],
  timeoutMs = 60_000,
) =>
  postOutside({ url, anywhere, headers: {}, body: "{}", timeoutMs }, async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
  );

test("addresses of this machine, of private networks and hidden forms of them are not public", () => {
  for (const address of [
    ...["127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"],
    ...[
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "198.18.0.1",
      "224.0.0.1",
      "255.255.255.255",
    ],
    ...["::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:7f00:1"],
    ...["64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "2001:db8::1", "nonsense", ""],
  ])
    expect([address, isPublicAddress(address)]).toEqual([address, false]);
  for (const address of [
    "93.184.216.34",
    "172.32.0.1",
    "8.8.8.8",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
  ])
    expect([address, isPublicAddress(address)]).toEqual([address, true]);
});

test("a URL says that it leads inside, however the address is written", () => {
  for (const url of [
    ...["https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/"],
    ...["https://localhost/", "https://a.localhost/", "https://[::ffff:10.0.0.1]/"],
  ])
    expect([url, outsideUrl(url)?.isInner]).toEqual([url, true]);
  expect(outsideUrl("https://example.com/")?.isInner).toBe(false);
  expect(outsideUrl("no url")).toBeUndefined();
});

test("nothing is sent when one of a name's addresses is inside, or without https", async () => {
  const before = asked;
  const inner = await post(`https://evil.example:${port}/`, false, ["8.8.8.8", "127.0.0.1"]);
  expect(inner).toEqual({ refused: "evil.example is 127.0.0.1, which is not a public address." });
  expect(await post(`https://127.0.0.1:${port}/`, false)).toHaveProperty("refused");
  expect(await post("http://example.com/", false, ["93.184.216.34"])).toEqual({
    refused: "http is not allowed, only https.",
  });
  expect(asked).toBe(before);
});

test("the connection goes to the address that was looked at; a redirect is an answer", async () => {
  const answer = await post(`http://somewhere.example:${port}/`, true, ["127.0.0.1"]);
  expect(answer).toEqual({ status: 307, body: `somewhere.example:${port}`, retryAfter: "7" });
});

test("silence ends in time, and of a large answer only the beginning is read", async () => {
  await expect(post(`http://x.example:${port}/slow`, true, ["127.0.0.1"], 1000)).rejects.toThrow(
    "No answer within 1 s.",
  );
  const large = await post(`http://x.example:${port}/large`, true, ["127.0.0.1"]);
  expect("body" in large && large.body.length).toBe(16_384);
});
