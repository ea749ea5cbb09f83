import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "../../../src/testing/free-port.ts";

export interface S3Server {
  readonly endpoint: string;
  readonly process: ChildProcess;
  readonly client: S3Client;
  stop(): void;
}

/** A server of other people (moto), with the bucket `mill`. */
export async function startS3(): Promise<S3Server> {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "a-key", AWS_SECRET_ACCESS_KEY: "a-secret" });
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn(process.env.MOTO_SERVER!, ["-p", String(port)], { stdio: "ignore" });
  await listening(port);
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: "mill" }));
  return {
    ...{ endpoint, process: server, client },
    stop() {
      client.destroy();
      server.kill("SIGKILL");
    },
  };
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const up = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (up) return;
    await sleep(100);
  }
}
