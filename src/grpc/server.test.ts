import { Client, credentials, Metadata, status as Status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import type { GrpcMethod } from "./grpc.ts";
import { type GrpcServer, type GrpcServerOptions, openGrpcServer } from "./server.ts";

const logged: string[] = [];
const log = {
  debug() {},
  info() {},
  warn() {},
  error: (message: string, fields?: object) => logged.push(`${message} ${JSON.stringify(fields)}`),
};
const open: GrpcServer[] = [];
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(open.splice(0).map((server) => server.close(100)));
});

let finish: () => void = () => {};
let arrived: () => void = () => {};
const fails = (error: Error) => (): never => {
  throw error;
};
const METHODS: readonly GrpcMethod[] = [
  { path: "/t.T/Echo", handle: (message) => message },
  { path: "/t.T/Open", access: "open", handle: () => Buffer.from("open") },
  {
    path: "/t.T/Wait",
    handle: () =>
      new Promise((resolve) => {
        finish = () => resolve(Buffer.from("done"));
        arrived();
      }),
  },
  { path: "/t.T/Wrong", handle: fails(new MillwrightError("invalid_input", "x: should be y")) },
  { path: "/t.T/Full", handle: fails(new MillwrightError("overloaded", "Too much.")) },
  { path: "/t.T/Breaks", handle: fails(new Error("the password is 1234")) },
  { path: "/t.T/Talk", stream: true, handle: (message) => message },
];

async function start(options: Partial<GrpcServerOptions> = {}): Promise<GrpcServer> {
  const server = (await openGrpcServer({ methods: METHODS, log, port: 0, ...options }))!;
  open.push(server);
  return server;
}
function connect({ address }: GrpcServer): Client {
  const client = new Client(address, credentials.createInsecure());
  clients.push(client);
  return client;
}
const same = (bytes: Buffer): Buffer => bytes;
const call = (
  client: Client,
  name: string,
  message: string | Buffer = "",
  { token, deadlineMs }: { token?: string; deadlineMs?: number } = {},
): Promise<string> => {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  const bytes = Buffer.from(message as string);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/t.T/${name}`,
      same,
      same,
      bytes,
      metadata,
      options,
      (error, answer) => (error ? reject(error) : resolve(answer!.toString())),
    );
  });
};

describe("calls", () => {
  test("are answered, and counted", async () => {
    const counted: unknown[] = [];
    const client = connect(await start({ onAnswer: (path, code) => counted.push([path, code]) }));
    expect(await call(client, "Echo", "hello")).toBe("hello");
    await expect(call(client, "Wrong")).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    expect(counted).toEqual([
      ["/t.T/Echo", 200],
      ["/t.T/Wrong", 400],
    ]);
  });

  test("that fail say why; what is not ours says nothing and is logged", async () => {
    const client = connect(await start());
    const wrong = await call(client, "Wrong").catch((error) => error);
    expect(wrong.details).toBe("x: should be y");
    expect(wrong.metadata.get("millwright-code")).toEqual(["invalid_input"]);
    await expect(call(client, "Full")).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
    await expect(call(client, "Nothing")).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
    const broken = await call(client, "Breaks").catch((error) => error);
    expect(broken.code).toBe(Status.INTERNAL);
    expect(broken.details).not.toContain("1234");
    expect(logged.join()).toContain("1234");
  });

  test("larger than the limit are refused", async () => {
    const client = connect(await start({ messageLimit: 1000 }));
    expect(await call(client, "Echo", Buffer.alloc(900))).toHaveLength(900);
    await expect(call(client, "Echo", Buffer.alloc(1100))).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
    });
  });

  test("end at their deadline, or at ours", async () => {
    const client = connect(await start({ timeoutMs: 30 }));
    const late = { code: Status.DEADLINE_EXCEEDED };
    await expect(call(client, "Wait", "", { deadlineMs: 20 })).rejects.toMatchObject(late);
    await expect(call(client, "Wait")).rejects.toMatchObject(late);
  });

  test("of a stream are answered in order", async () => {
    const client = connect(await start());
    const stream = client.makeBidiStreamRequest("/t.T/Talk", same, same, new Metadata());
    const answers: string[] = [];
    const ended = new Promise((resolve, reject) => {
      stream.on("data", (bytes: Buffer) => answers.push(bytes.toString()));
      stream.on("end", resolve).on("error", reject);
    });
    const sent = Array.from({ length: 200 }, (_, i) => `message ${i}`);
    for (const message of sent) stream.write(Buffer.from(message));
    stream.end();
    await ended;
    expect(answers).toEqual(sent);
  });
});

describe("access", () => {
  const token = "0123456789abcdef";

  test("a token is needed where one is set, but not for health", async () => {
    const client = connect(await start({ token }));
    const stranger = { code: Status.UNAUTHENTICATED };
    await expect(call(client, "Echo")).rejects.toMatchObject(stranger);
    await expect(call(client, "Echo", "", { token: "wrong" })).rejects.toMatchObject(stranger);
    expect(await call(client, "Echo", "x", { token })).toBe("x");
    expect(await call(client, "Open")).toBe("open");
    const stream = client.makeBidiStreamRequest("/t.T/Talk", same, same, new Metadata());
    const error = await new Promise((resolve) => stream.on("error", resolve).on("data", () => {}));
    expect(error).toMatchObject(stranger);
  });

  test("everybody's interface needs a token", async () => {
    await expect(start({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "invalid_config" });
    expect((await start({ host: "0.0.0.0", token })).address).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe("opening and closing", () => {
  test("a port that is taken is said with what to do", async () => {
    const first = await start();
    const port = Number(first.address.split(":")[1]);
    await expect(start({ port })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("MILLWRIGHT_GRPC_PORT"),
    });
    expect(await openGrpcServer({ methods: METHODS, log, port: undefined })).toBeUndefined();
  });

  test("lets calls in flight finish, and takes no new ones", async () => {
    const server = await start();
    const client = connect(server);
    const started = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const answer = call(client, "Wait");
    await started;
    const closed = server.close();
    finish();
    expect(await answer).toBe("done");
    await closed;
    await expect(call(client, "Echo", "", { deadlineMs: 200 })).rejects.toBeDefined();
  });
});
