import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { random } from "../../lib/random.ts";
import { batchEncoder, decodeBatches } from "./frames.ts";
import { type Journal, type JournalOptions, openJournal } from "./journal.ts";
import { type JournalFile, openJournalFile } from "./journal-file.ts";
import { thisProcess } from "./owner.ts";
import { listSegments, readSegment, removeSegment } from "./segments.ts";

const encodeBatch = (lines: readonly string[]): Buffer => Buffer.from(batchEncoder()(lines));
let root = "";
const opened: Journal[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millwright-journal-"));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((journal) => journal.close()));
  rmSync(root, { recursive: true, force: true });
});

async function journalIn(options: JournalOptions = {}): Promise<Journal> {
  const journal = await openJournal(root, options);
  opened.push(journal);
  return journal;
}

async function kept(): Promise<string[]> {
  const lines: string[] = [];
  for (const segment of await listSegments(root, 0))
    lines.push(...((await readSegment(segment)) ?? []));
  return lines;
}

/** A file that fails when told to, after writing half. */
function failing(state: { code: string | undefined; syncs: number }) {
  return async (path: string): Promise<JournalFile> => {
    const file = await openJournalFile(path);
    return {
      ...file,
      async append(bytes, position) {
        state.syncs++;
        if (state.code === undefined) return file.append(bytes, position);
        await file.append(bytes.subarray(0, bytes.length >> 1), position);
        throw Object.assign(new Error(state.code), { code: state.code });
      },
    };
  };
}

describe("the journal", () => {
  test("keeps what it acknowledged, in order, and readers see it at once", async () => {
    const journal = await journalIn();
    await journal.append(['{"a":1}', '{"a":"Zoë\\n"}']);
    await journal.append(['{"a":3}']);
    expect(await kept()).toEqual(['{"a":1}', '{"a":"Zoë\\n"}', '{"a":3}']);
    expect(journal.pendingBytes).toBe(0);
  });

  test("appends that arrive together share one sync", async () => {
    const state = { code: undefined, syncs: 0 };
    const journal = await journalIn({ openFile: failing(state) });
    await Promise.all(Array.from({ length: 500 }, (_, i) => journal.append([`${i}`])));
    expect(await kept()).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`));
    expect(state.syncs).toBeLessThan(5);
  });

  test("closes segments by size and on request; their ids stay", async () => {
    const journal = await journalIn({ maxSegmentBytes: 100 });
    await journal.append(["x".repeat(200)]);
    await journal.append(["y"]);
    // The next append does not wait until the full one has its final name.
    let before = await listSegments(root, 0);
    while (before[0]?.closed !== true) before = await listSegments(root, 0);
    expect(before.map((s) => s.closed)).toEqual([true, false]);
    await journal.rotate();
    await journal.rotate();
    const after = await listSegments(root, 0);
    expect(after.map((s) => s.closed)).toEqual([true, true]);
    expect(after.map((s) => s.id)).toEqual(before.map((s) => s.id));
    // A reader that listed the file while it was open still finds it.
    expect(await readSegment(before[1]!)).toEqual(["y"]);
  });

  test("closes segments by age", async () => {
    const journal = await journalIn({ maxSegmentAgeMs: 10 });
    await journal.append(["x"]);
    while (!(await listSegments(root, 0)).every((s) => s.closed))
      await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("a full disk rejects with storage_full, keeps nothing of it, and the journal recovers", async () => {
    const state: { code: string | undefined; syncs: number } = { code: undefined, syncs: 0 };
    const journal = await journalIn({ openFile: failing(state), retryFullMs: 0 });
    await journal.append(["before"]);
    state.code = "ENOSPC";
    const error = { code: "storage_full", retryable: true };
    await expect(journal.append(["lost"])).rejects.toMatchObject(error);
    await expect(journal.append(["lost too"])).rejects.toMatchObject(error);
    state.code = undefined;
    await journal.append(["after"]);
    expect(await kept()).toEqual(["before", "after"]);
    expect(journal.pendingBytes).toBe(0);
    state.code = "EIO";
    await expect(journal.append(["lost"])).rejects.toMatchObject({ code: "unavailable" });
    state.code = undefined;
    expect(await kept()).toEqual(["before", "after"]);
  });

  test("sheds load instead of growing without bound", async () => {
    const journal = await journalIn({ maxPendingBytes: 1000 });
    const first = journal.append(["x".repeat(2000)]);
    await expect(journal.append(["y"])).rejects.toMatchObject({ code: "overloaded" });
    await first;
    await journal.append(["z"]);
  });

  test("close keeps what was promised and refuses the rest", async () => {
    const journal = await journalIn();
    const promised = journal.append(["x"]);
    await journal.close();
    await promised;
    await expect(journal.append(["y"])).rejects.toMatchObject({ code: "unavailable" });
    expect(await kept()).toEqual(["x"]);
    expect((await listSegments(root, 0)).every((s) => s.closed)).toBe(true);
  });

  test("a closed segment holds nothing but its records, an open one has room", async () => {
    const journal = await journalIn();
    await journal.append(["x".repeat(2_000_000)]);
    await journal.append(["y"]);
    await journal.rotate();
    const [segment] = await listSegments(root, 0);
    expect(statSync(segment!.path).size).toBe(
      encodeBatch(["x".repeat(2_000_000)]).length + encodeBatch(["y"]).length,
    );
    expect(await kept()).toEqual(["x".repeat(2_000_000), "y"]);
  });

  test("appends, rotations and failures in any order: kept is what was acknowledged, once", async () => {
    const rng = random("journal");
    const state: { code: string | undefined; syncs: number } = { code: undefined, syncs: 0 };
    const journal = await journalIn({
      ...{ openFile: failing(state), retryFullMs: 0, maxSegmentBytes: 2000 },
    });
    const acknowledged: string[] = [];
    const refused: string[] = [];
    const waiting: Promise<unknown>[] = [];
    for (let i = 0; i < 2000; i++) {
      const line = `${i} ${"x".repeat(rng.int(60))}`;
      waiting.push(
        journal.append([line]).then(
          () => acknowledged.push(line),
          () => refused.push(line),
        ),
      );
      if (rng.next() < 0.02) waiting.push(journal.rotate());
      if (rng.next() < 0.1) await new Promise((resolve) => setImmediate(resolve));
      if (rng.next() < 0.05) await waiting.at(-1);
      if (rng.next() < 0.03) state.code = state.code === undefined ? "ENOSPC" : undefined;
    }
    state.code = undefined;
    await Promise.all(waiting);
    await journal.close();
    expect(await kept()).toEqual(acknowledged);
    expect(refused.length).toBeGreaterThan(20);
    expect(acknowledged.length).toBeGreaterThan(200);
    expect((await listSegments(root, 0)).every((segment) => segment.closed)).toBe(true);
  });

  test("two processes (here: two journals) never share a file", async () => {
    const [a, b] = [await journalIn(), await journalIn()];
    await Promise.all([a.append(["a"]), b.append(["b"])]);
    expect(new Set(await kept())).toEqual(new Set(["a", "b"]));
    expect(readdirSync(root)).toHaveLength(2);
  });
});

describe("segments left behind", () => {
  const left = (owner: object, name = "00000001.open"): string => {
    const directory = join(root, "jrn_old");
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "owner.json"), JSON.stringify(owner));
    writeFileSync(join(directory, name), encodeBatch(["a", "b"]));
    return join(directory, name);
  };

  test("a dead process's open segment is closed; a torn tail is dropped", async () => {
    const path = left({ ...thisProcess(), pid: 2 ** 22 + 1 });
    appendFileSync(path, encodeBatch(["c", "d"]).subarray(0, 9));
    const [segment] = await listSegments(root, 0);
    expect(segment).toMatchObject({ id: "jrn_old/00000001", closed: true });
    expect(await readSegment(segment!)).toEqual(["a", "b"]);
    await removeSegment(segment!);
    await removeSegment(segment!);
    expect(readdirSync(root)).toEqual([]);
    expect(await readSegment(segment!)).toBeUndefined();
  });

  test("a reused pid is not the owner; a living owner keeps its open segment", async () => {
    left({ ...thisProcess(), started: "another boot/123" });
    expect((await listSegments(root, 0))[0]!.closed).toBe(true);
    left(thisProcess());
    expect((await listSegments(root, 0))[0]!.closed).toBe(false);
  });

  test("another machine's open segment is closed only after long silence", async () => {
    left({ ...thisProcess(), host: "elsewhere.example" });
    expect((await listSegments(root, Date.now()))[0]!.closed).toBe(false);
    expect((await listSegments(root, Date.now() + 3_600_000))[0]!.closed).toBe(true);
  });
});

describe("batches", () => {
  const whole = Buffer.concat([encodeBatch(["a", "ü"]), encodeBatch(["b"])]);

  test("any cut leaves whole batches only", () => {
    const first = encodeBatch(["a", "ü"]).length;
    for (let cut = 0; cut < whole.length; cut++)
      expect(decodeBatches(whole.subarray(0, cut)).lines).toEqual(cut < first ? [] : ["a", "ü"]);
    expect(decodeBatches(whole)).toEqual({ lines: ["a", "ü", "b"], intact: whole.length });
  });

  test("a damaged byte drops its batch and what follows", () => {
    const damaged = Buffer.from(whole);
    damaged[whole.length - 2] = 120;
    expect(decodeBatches(damaged).lines).toEqual(["a", "ü"]);
    expect(decodeBatches(Buffer.concat([whole, Buffer.alloc(64)])).lines).toEqual(["a", "ü", "b"]);
  });

  const someBatches = fc.array(
    fc.array(
      fc.string().map((text) => JSON.stringify(text)),
      { minLength: 1, maxLength: 5 },
    ),
    { maxLength: 6 },
  );

  test("whatever a power cut leaves, what is read is whole batches in order, and never a half record", () => {
    fc.assert(
      fc.property(someBatches, fc.nat(), fc.nat(255), fc.nat(), (batches, cut, noise, at) => {
        const encoded = batches.map(encodeBatch);
        const file = Buffer.concat(encoded);
        const ends = encoded.map((_, i) => Buffer.concat(encoded.slice(0, i + 1)).length);
        const wholeUpTo = (length: number) =>
          batches.slice(0, ends.filter((end) => end <= length).length).flat();
        // Cut anywhere, then zeros (space that was reserved) or old noise.
        const length = file.length === 0 ? 0 : cut % (file.length + 1);
        const torn = file.subarray(0, length);
        expect(decodeBatches(torn).lines).toEqual(wholeUpTo(length));
        const zeros = Buffer.concat([torn, Buffer.alloc(at % 300)]);
        expect(decodeBatches(zeros).lines).toEqual(wholeUpTo(length));
        // One byte of a sector went wrong: that batch and what follows is not read.
        if (file.length === 0) return;
        const damaged = Buffer.from(file);
        const place = at % file.length;
        if (damaged[place] === noise) return;
        damaged[place] = noise;
        const { lines } = decodeBatches(damaged);
        expect(batches.flat().slice(0, lines.length)).toEqual(lines);
        expect(lines.length).toBeLessThanOrEqual(batches.flat().length);
        expect(
          ends.map((_, i) => batches.slice(0, i).flat().length).concat(batches.flat().length),
        ).toContain(lines.length);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  test("batches of an older release, with heads of any width, are read", () => {
    const body = Buffer.from('{"a":1}\n');
    const head = `#${body.length} ${crc32(body).toString(16)}\n`;
    expect(decodeBatches(Buffer.concat([Buffer.from(head), body])).lines).toEqual(['{"a":1}']);
  });

  test("what does not fit the reused buffer is encoded all the same", () => {
    const encode = batchEncoder();
    const long = "é".repeat(400_000);
    expect(decodeBatches(Buffer.from(encode([long, "b"]))).lines).toEqual([long, "b"]);
    expect(decodeBatches(Buffer.from(encode(["c"]))).lines).toEqual(["c"]);
  });
});
