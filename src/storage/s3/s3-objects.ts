import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { MillwrightError } from "../../errors.ts";
import type { S3Place } from "./s3-url.ts";

/** The calls of the S3 API that blobs need, in one bucket; errors in our words. */
export interface S3Objects {
  /** One request; the server compares the content with `sha256` (hex). */
  put(key: string, body: Uint8Array, sha256: string): Promise<void>;
  /**
   * A file of so many bytes, in parts side by side; the server compares each part's SHA-256. What fails leaves no object, and no
   * parts. Whether it is there has to be looked up: somebody may have given the upload up meanwhile.
   */
  upload(key: string, path: string, bytes: number): Promise<void>;
  /** Says with the object's time that it was put again; false: it is not there. */
  touch(key: string): Promise<boolean>;
  /** Hands the content to `take` as it comes, and what that makes of it back. undefined: there is none. */
  get<T>(
    key: string,
    take: (content: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T | undefined>;
  has(key: string): Promise<boolean>;
  /** @param withinMs the server is not asked (again) later. */
  delete(key: string, withinMs?: number): Promise<void>;
  /** By key. `at`: milliseconds since 1970, which servers round down to a second. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly at: number }>;
  /** Gives up uploads in parts that were begun before so many milliseconds since 1970: whoever began them is gone. */
  abortUploads(prefix: string, before: number): Promise<void>;
}

const PART_BYTES = 16 * 2 ** 20;
const MOST_PARTS = 10_000;
const PARTS_AT_ONCE = 4;
const ATTEMPTS = 5;
const CONNECT_MS = 5000;
const IDLE_MS = 60_000;

/** The official client is large and seldom needed: it is loaded with the first call. */
export function s3Objects({ bucket: Bucket, ...place }: S3Place): S3Objects {
  let opened: Promise<S3Client> | undefined;
  const sdk = () => import("@aws-sdk/client-s3");
  const client = () => {
    opened ??= sdk().then(
      ({ S3Client }) =>
        new S3Client({
          ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
          ...(place.region !== undefined
            ? { region: place.region }
            : place.endpoint === undefined
              ? {}
              : { region: process.env.AWS_REGION ?? "us-east-1" }),
          forcePathStyle: place.pathStyle,
          maxAttempts: ATTEMPTS,
          requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: IDLE_MS },
          // Many servers that speak S3 know no checksums in trailers; ours are in headers.
          requestChecksumCalculation: "WHEN_REQUIRED",
          responseChecksumValidation: "WHEN_REQUIRED",
        }),
    );
    return opened;
  };
  type Call<T> = (commands: Awaited<ReturnType<typeof sdk>>, s3: S3Client) => Promise<T>;
  async function asked<T>(call: Call<T>): Promise<T> {
    try {
      return await call(await sdk(), await client());
    } catch (error) {
      throw inOurWords(error, Bucket);
    }
  }
  /** undefined where there is no such object. */
  const ifThere = <T>(call: Call<T>): Promise<T | undefined> =>
    asked((commands, s3) =>
      call(commands, s3).catch((error) => {
        if (isNoSuchKey(error)) return undefined;
        throw error;
      }),
    );

  return {
    async put(Key, Body, sha256) {
      const ChecksumSHA256 = Buffer.from(sha256, "hex").toString("base64");
      await asked(({ PutObjectCommand }, s3) =>
        s3.send(new PutObjectCommand({ Bucket, Key, Body, ChecksumSHA256 })),
      );
    },
    async upload(Key, path, bytes) {
      const { Upload } = await import("@aws-sdk/lib-storage");
      const partSize = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS));
      await ifThere(async (_, client) => {
        const Body = createReadStream(path, { highWaterMark: 2 ** 20 });
        try {
          return await new Upload({
            ...{ client, partSize, queueSize: PARTS_AT_ONCE },
            params: { Bucket, Key, Body, ChecksumAlgorithm: "SHA256" },
          }).done();
        } finally {
          Body.destroy();
        }
      });
    },
    async touch(Key) {
      const copied = await ifThere(({ CopyObjectCommand }, s3) =>
        s3.send(
          new CopyObjectCommand({
            ...{ Bucket, Key, CopySource: `${Bucket}/${encodeURIComponent(Key)}` },
            // A copy onto itself must change something.
            ...{ MetadataDirective: "REPLACE", Metadata: { put: new Date().toISOString() } },
          }),
        ),
      );
      return copied !== undefined;
    },
    async get(Key, take) {
      const found = await ifThere(({ GetObjectCommand }, s3) =>
        s3.send(new GetObjectCommand({ Bucket, Key })),
      );
      if (found === undefined) return undefined;
      const body = found.Body as Readable;
      try {
        return await take(contentOf(body, Bucket));
      } finally {
        // What is not read to its end would hold its connection.
        body.destroy();
      }
    },
    async has(Key) {
      const found = await ifThere(({ HeadObjectCommand }, s3) =>
        s3.send(new HeadObjectCommand({ Bucket, Key })),
      );
      return found !== undefined;
    },
    async delete(Key, withinMs) {
      const abortSignal = withinMs === undefined ? undefined : AbortSignal.timeout(withinMs);
      await ifThere(({ DeleteObjectCommand }, s3) =>
        s3.send(new DeleteObjectCommand({ Bucket, Key }), abortSignal && { abortSignal }),
      );
    },
    async *list(Prefix) {
      for (let next: string | undefined; ; ) {
        const page = await asked(({ ListObjectsV2Command }, s3) =>
          s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken: next })),
        );
        for (const { Key, LastModified } of page.Contents ?? [])
          yield { key: Key!, at: LastModified!.getTime() };
        next = page.NextContinuationToken;
        if (next === undefined) return;
      }
    },
    async abortUploads(Prefix, before) {
      for (let KeyMarker: string | undefined, UploadIdMarker: string | undefined; ; ) {
        const page = await asked(({ ListMultipartUploadsCommand }, s3) =>
          s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix, KeyMarker, UploadIdMarker })),
        );
        for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
          if (Initiated!.getTime() < before)
            await ifThere(({ AbortMultipartUploadCommand }, s3) =>
              s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })),
            );
        if (!page.IsTruncated) return;
        ({ NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page);
      }
    },
  };
}

/** A line that is cut while it is read is the storage's failure, too. */
async function* contentOf(body: Readable, bucket: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw inOurWords(error, bucket);
  }
}

interface S3Failure extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** HEAD has no body, so its 404 says no more; a missing bucket is told by every other call. */
function isNoSuchKey(error: unknown): boolean {
  const { name } = error as S3Failure;
  return name === "NoSuchKey" || name === "NotFound" || name === "NoSuchUpload";
}

function inOurWords(error: unknown, bucket: string): Error {
  if (error instanceof MillwrightError) return error;
  const { name, message, code, $metadata } = error as S3Failure;
  const status = $metadata?.httpStatusCode;
  // An address with several names fails with an error without words.
  const why = `${name}: ${message || code}`;
  const told = (code: "invalid_config" | "unavailable", text: string) =>
    new MillwrightError(code, text, { cause: error });
  if (name === "NoSuchBucket")
    return told("invalid_config", `There is no bucket '${bucket}'. Make it, or change BLOB_URL.`);
  if (name === "PermanentRedirect" || status === 301)
    return told(
      "invalid_config",
      `The bucket '${bucket}' is in another region. Name it in BLOB_URL: ?region=….`,
    );
  if (message === "Region is missing")
    return told(
      "invalid_config",
      `Nothing says in which region the bucket '${bucket}' is. Name it in BLOB_URL: ?region=…, or set AWS_REGION.`,
    );
  if (name === "CredentialsProviderError" || status === 401 || status === 403)
    return told(
      "invalid_config",
      `The object storage refuses us the bucket '${bucket}' (${why}). Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's role: it must be allowed to list, get, put and delete there.`,
    );
  return told(
    "unavailable",
    `The object storage of the bucket '${bucket}' does not answer as it should (${why}).`,
  );
}
