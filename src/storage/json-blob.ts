import type { Digest } from "../lib/digest.ts";
import type { Blobs } from "./blobs/blobs.ts";

export const putJson = (blobs: Pick<Blobs, "put">, value: unknown): Promise<Digest> =>
  blobs.put(new TextEncoder().encode(JSON.stringify(value)));

export const getJson = async <T>(blobs: Pick<Blobs, "get">, digest: Digest): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await blobs.get(digest)));
