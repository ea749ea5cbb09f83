import { type Digest, digestOf } from "../../lib/digest.ts";
import type { LogRecord } from "../prediction.ts";

/**
 * Who asked to be forgotten, and when (milliseconds since 1970), by model and digest of the key. The key itself is not kept. A
 * prediction logged before that moment may still lie in a journal: it is dropped when it is shipped.
 */
export type Erasures = ReadonlyMap<string, ReadonlyMap<Digest, number>>;

export const keyDigest = (model: string, key: string): Digest => digestOf(`${model}\n${key}`);

export function erasedBy(erasures: Erasures, record: LogRecord): boolean {
  if (record.kind !== "prediction" || record.key === undefined) return false;
  const asked = erasures.get(record.model)?.get(keyDigest(record.model, record.key));
  return asked !== undefined && record.at <= asked;
}
