import type { Digest } from "../lib/digest.ts";
import { utf8Bytes, utf8Text } from "../lib/utf8.ts";
import type { Blobs } from "./blobs/blobs.ts";

export const putJson = (blobs: Pick<Blobs, "put">, value: unknown): Promise<Digest> =>
  blobs.put(utf8Bytes(JSON.stringify(value)));

export const getJson = async <T>(blobs: Pick<Blobs, "get">, digest: Digest): Promise<T> =>
  JSON.parse(utf8Text(await blobs.get(digest)));
