import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../lib/digest.ts";
import type { Artifacts, OpenArtifact } from "../storage/artifacts/artifacts.ts";

export interface ArtifactsContract {
  /** An empty store. */
  open(): Promise<Artifacts>;
  /** Names of up to 1000 characters, not only of 255 bytes. */
  readonly longNames: boolean;
}

/** What every store of artifacts must do. Call it once in the driver's test. */
export function artifactsContract(name: string, { open, longNames }: ArtifactsContract): void {
  describe(`${name} keeps artifacts`, () => {
    test("what was written is read, listed and removed", async () => {
      const artifacts = await open();
      expect(await artifacts.list("")).toEqual([]);
      expect(await artifacts.write("3/run/artifacts/model/MLmodel", of("flavors:", " {}"))).toBe(
        11,
      );
      await artifacts.write("3/run/artifacts/a.txt", of("a"));
      await artifacts.write("3/run/artifacts/b", of());
      expect(await textAt(artifacts, "3/run/artifacts/model/MLmodel")).toBe("flavors: {}");
      expect(await textAt(artifacts, "3/run/artifacts/b")).toBe("");
      expect(await artifacts.list("")).toEqual([{ name: "3", bytes: undefined }]);
      expect(await artifacts.list("3/run/artifacts")).toEqual([
        { name: "a.txt", bytes: 1 },
        { name: "b", bytes: 0 },
        { name: "model", bytes: undefined },
      ]);
      expect(await artifacts.measure("3/run")).toEqual({ files: 3, bytes: 12 });
      expect(await artifacts.remove("3/run/artifacts/model")).toEqual({ files: 1, bytes: 11 });
      expect(await artifacts.open("3/run/artifacts/model/MLmodel")).toBeUndefined();
      expect(await artifacts.list("3/run/artifacts/model")).toEqual([]);
      expect(await artifacts.remove("3")).toEqual({ files: 2, bytes: 1 });
      expect(await artifacts.list("")).toEqual([]);
      expect(await artifacts.remove("3")).toEqual({ files: 0, bytes: 0 });
    });

    test("what is not there is nothing, and a folder is no file", async () => {
      const artifacts = await open();
      await artifacts.write("a/b/c.txt", of("c"));
      for (const path of ["x", "a/x", "a/b", "a", "a/b/c.txt/d", "a/b/c.txtx", ""])
        expect(await artifacts.open(path)).toBeUndefined();
      for (const path of ["x", "a/b/c.txt", "a/b/c.txt/d"])
        expect(await artifacts.list(path)).toEqual([]);
      await expect(artifacts.write("a/b", of("x"))).rejects.toMatchObject({
        code: "invalid_input",
        message: expect.stringContaining("is a folder"),
      });
      await expect(artifacts.write("a/b/c.txt/d", of("x"))).rejects.toMatchObject({
        code: "invalid_input",
        message: expect.stringContaining("is a file"),
      });
      expect(await textAt(artifacts, "a/b/c.txt")).toBe("c");
    });

    test("a part of a file", async () => {
      const artifacts = await open();
      const bytes = new Uint8Array(700_001).map((_, i) => (i * 7919) >> 3);
      await artifacts.write("f", pieces(bytes));
      const part = async (from: number, to: number) =>
        digestOf(await read((await artifacts.open("f"))!, { from, to }));
      expect(await part(0, 0)).toBe(digestOf(bytes.subarray(0, 1)));
      expect(await part(300_000, 700_000)).toBe(digestOf(bytes.subarray(300_000)));
      expect(await part(5, 262_150)).toBe(digestOf(bytes.subarray(5, 262_151)));
      expect(digestOf(await read((await artifacts.open("f"))!))).toBe(digestOf(bytes));
      const opened = (await artifacts.open("f"))!;
      expect(opened.bytes).toBe(700_001);
      await opened.close();
    });

    test("who reads goes on reading what it was, whatever takes its place", async () => {
      const artifacts = await open();
      await artifacts.write("f", of("first"));
      const opened = (await artifacts.open("f"))!;
      const removed = (await artifacts.open("f"))!;
      await artifacts.write("f", of("second"));
      expect(await textAt(artifacts, "f")).toBe("second");
      await artifacts.remove("f");
      expect(new TextDecoder().decode(await read(opened))).toBe("first");
      expect(new TextDecoder().decode(await read(removed))).toBe("first");
    });

    test("of an upload that breaks nothing is kept, and what was there stays", async () => {
      const artifacts = await open();
      const broken = () =>
        (async function* () {
          yield new Uint8Array(100_000);
          throw new Error("the line was cut");
        })();
      await expect(artifacts.write("new/f", broken())).rejects.toThrow("the line was cut");
      expect(await artifacts.open("new/f")).toBeUndefined();
      expect(await artifacts.list("new")).toEqual([]);
      await artifacts.write("f", of("old"));
      await expect(artifacts.write("f", broken())).rejects.toThrow("the line was cut");
      expect(await textAt(artifacts, "f")).toBe("old");
    });

    test("of many uploads to one path one is there wholly; those to others do not meet", async () => {
      const artifacts = await open();
      const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(50_000));
      await Promise.all([
        ...texts.map((text) => artifacts.write("same/place", of(text.slice(0, 9), text.slice(9)))),
        ...texts.map((text, i) => artifacts.write(`same/own/${i}`, of(text))),
      ]);
      expect(texts).toContain(await textAt(artifacts, "same/place"));
      for (const [i, text] of texts.entries())
        expect(await textAt(artifacts, `same/own/${i}`)).toBe(text);
      expect(await artifacts.list("same")).toEqual([
        { name: "own", bytes: undefined },
        { name: "place", bytes: 50_000 },
      ]);
    });

    test("whoever writes into a folder that is being removed is there or not, and listed if there", async () => {
      const artifacts = await open();
      for (let i = 0; i < 10; i++) {
        await artifacts.write("f/sub/first", of("1"));
        const writes = await Promise.allSettled([
          artifacts.remove("f"),
          artifacts.write("f/sub/second", of("2")),
          artifacts.write("f/third", of("3")),
          artifacts.remove("f/sub"),
        ]);
        // Of a plain folder, a write may be told that its folder went.
        expect(writes.filter(({ status }) => status === "rejected").length).toBeLessThan(3);
        for (const path of ["f/sub/second", "f/third"]) {
          const opened = await artifacts.open(path);
          if (!opened) continue;
          await opened.close();
          expect(await pathsOf(artifacts, "")).toContain(path);
        }
      }
    });

    test("names come back as they were given", async () => {
      const artifacts = await open();
      const names = [
        ...["a b#1.txt", "50%.txt", "%41", "what?.csv", "a+b&c=d;e", "naïve 文件 🙂.bin"],
        ...['quote".txt', "tab\there", "line\nbreak", "a:b", "..a", "a..", "...", "-rf", "'"],
        ...[longNames ? "🙂".repeat(500) : "x".repeat(250)],
        ...[longNames ? "長".repeat(1000) : "y".repeat(250)],
      ];
      for (const [i, name] of names.entries()) {
        await artifacts.write(`${name}/${name}`, of(String(i)));
        expect(await textAt(artifacts, `${name}/${name}`)).toBe(String(i));
        expect(await artifacts.list(name)).toEqual([{ name, bytes: String(i).length }]);
      }
      const all = await artifacts.list("");
      expect(all.map((entry) => entry.name).sort()).toEqual([...names].sort());
      expect(await artifacts.remove(names.at(-1)!)).toEqual({ files: 1, bytes: 2 });
    });

    test("paths that lead out are refused by everything, however they are written", async () => {
      const artifacts = await open();
      await artifacts.write("a/b", of("x"));
      const tricks = [
        ...[
          "..",
          "../x",
          "a/../../x",
          "a/..",
          "/etc/passwd",
          "//x",
          "\\x",
          "a\\..\\b",
          "C:/x",
          "c:",
        ],
        ...["%2e%2e/x", "%252e%252e%252fx", "a/%2E./x", "%2Fetc", "a\0b", "a%00b", "\ud800"],
        ...["%25252525252525252525252e", `${"%25".repeat(3)}2e%2e/`.replace(/^/, "..%2f")],
        ...["x".repeat(1001), "x/".repeat(4001)],
      ];
      for (const path of tricks) {
        const refused = { code: "invalid_input", message: expect.stringContaining("Invalid path") };
        await expect(artifacts.write(path, of("x")), path).rejects.toMatchObject(refused);
        await expect(artifacts.open(path), path).rejects.toMatchObject(refused);
        await expect(artifacts.list(path), path).rejects.toMatchObject(refused);
        await expect(artifacts.remove(path), path).rejects.toMatchObject(refused);
      }
      // Everything at once is nobody's to remove.
      for (const root of ["", ".", "./"])
        await expect(artifacts.remove(root)).rejects.toMatchObject({ code: "invalid_input" });
      await expect(artifacts.write("", of("x"))).rejects.toMatchObject({ code: "invalid_input" });
      expect(await textAt(artifacts, "./a//b/")).toBe("x");
    });

    test("a folder in pages, in the order of bytes", async () => {
      const artifacts = await open();
      const names = ["b", "a", "Z", "é", "z", "文", "🙂", "ｚ"];
      for (const name of names) await artifacts.write(`p/${name}`, of(name));
      const inOrder = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await artifacts.list("p", { after, limit: 3 });
        seen.push(...page.map((entry) => entry.name));
        after = page.at(-1)?.name;
        if (page.length < 3) break;
      }
      expect(seen).toEqual(inOrder);
    });

    test("any series of writes and removals leaves what it should", async () => {
      const name = fc.constantFrom("a", "b", "c");
      const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
      const step = fc.record({ path, text: fc.option(fc.string({ maxLength: 5 }), { freq: 3 }) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const artifacts = await open();
          const model = new Map<string, string>();
          for (const { path, text } of steps) {
            const below = (other: string) => other.startsWith(`${path}/`);
            if (text === null) {
              await artifacts.remove(path);
              for (const other of [...model.keys()])
                if (other === path || below(other)) model.delete(other);
              continue;
            }
            const done = await artifacts.write(path, of(text)).then(
              () => true,
              () => false,
            );
            const blocked = [...model.keys()].some((o) => below(o) || path.startsWith(`${o}/`));
            if (blocked) expect(done).toBe(false);
            if (done) model.set(path, text);
          }
          expect((await pathsOf(artifacts, "")).sort()).toEqual([...model.keys()].sort());
          for (const [path, text] of model) expect(await textAt(artifacts, path)).toBe(text);
        }),
        { numRuns: 15 },
      );
    });
  });
}

async function* of(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function read(
  opened: OpenArtifact,
  range?: { readonly from: number; readonly to: number },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of opened.read(range)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

async function textAt(artifacts: Artifacts, path: string): Promise<string | undefined> {
  const opened = await artifacts.open(path);
  return opened && new TextDecoder().decode(await read(opened));
}

async function pathsOf(artifacts: Artifacts, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, bytes } of await artifacts.list(folder)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    paths.push(...(bytes === undefined ? await pathsOf(artifacts, path) : [path]));
  }
  return paths;
}
