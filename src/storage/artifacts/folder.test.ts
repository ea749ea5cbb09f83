import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { artifactsContract } from "../../testing/artifacts-contract.ts";
import { folderArtifacts } from "./folder.ts";

const base = mkdtempSync(join(tmpdir(), "millwright-artifacts-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let n = 0;
const newFolder = (): string => join(base, `root-${n++}`);

artifactsContract("a plain folder", {
  open: async () => folderArtifacts(newFolder()),
  longNames: false,
});

async function* of(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

test("the disk holds what was written, as others would have written it", async () => {
  const root = newFolder();
  const artifacts = folderArtifacts(root);
  await artifacts.write("0/run/artifacts/a.txt", of("0"));
  expect(readFileSync(join(root, "0/run/artifacts/a.txt"), "utf8")).toBe("0");
  writeFileSync(join(root, "0/run/artifacts/b.txt"), "12");
  expect(await artifacts.list("0/run/artifacts")).toEqual([
    { name: "a.txt", bytes: 1 },
    { name: "b.txt", bytes: 2 },
  ]);
});

test("links are followed within the folder and never out of it", async () => {
  const root = newFolder();
  const outside = newFolder();
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "s");
  const artifacts = folderArtifacts(root);
  await artifacts.write("in/file", of("mine"));
  symlinkSync(join(root, "in"), join(root, "inner"));
  symlinkSync(outside, join(root, "out"));
  symlinkSync(join(outside, "secret"), join(root, "secret"));
  symlinkSync(join(root, "nowhere"), join(root, "dangling"));
  symlinkSync(join(root, "loop"), join(root, "loop"));

  expect(await artifacts.open("out/secret")).toBeUndefined();
  expect(await artifacts.open("secret")).toBeUndefined();
  expect(await artifacts.list("out")).toEqual([]);
  expect((await artifacts.list("")).map(({ name }) => name)).toEqual(["in", "inner"]);
  const inner = (await artifacts.open("inner/file"))!;
  expect(inner.bytes).toBe(4);
  await inner.close();

  for (const path of ["out/new", "out/deep/new", "dangling/new", "loop/new"])
    await expect(artifacts.write(path, of("x")), path).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.not.stringContaining(base),
    });
  await artifacts.write("inner/other", of("x"));
  expect(readFileSync(join(root, "in/other"), "utf8")).toBe("x");
  // A link in the place of a file is replaced, not written through.
  await artifacts.write("secret", of("public"));
  expect(readFileSync(join(outside, "secret"), "utf8")).toBe("s");

  await artifacts.remove("out/secret");
  await artifacts.remove("out");
  expect(readdirSync(outside)).toEqual(["secret"]);
  expect(await artifacts.measure("inner")).toEqual({ files: 0, bytes: 0 });
});

test("uploads under way are nobody's artifacts", async () => {
  const root = newFolder();
  const artifacts = folderArtifacts(root);
  let seen: unknown;
  await artifacts.write(
    "f",
    (async function* () {
      yield new Uint8Array(10);
      seen = await artifacts.list("");
    })(),
  );
  expect(seen).toEqual([]);
  const [halves] = readdirSync(root).filter((name) => name !== "f");
  expect(readdirSync(join(root, halves!))).toEqual([]);
  writeFileSync(join(root, halves!, "left"), "x");
  expect(await artifacts.open(`${halves}/left`)).toBeUndefined();
  await expect(artifacts.write(`${halves}/x`, of("x"))).rejects.toMatchObject({
    code: "invalid_input",
  });
  expect(await artifacts.measure("")).toEqual({ files: 1, bytes: 10 });
});

test("a name that no file can have is refused in words, and is not there", async () => {
  const artifacts = folderArtifacts(newFolder());
  await expect(artifacts.write("文".repeat(100), of("x"))).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("255"),
  });
  expect(await artifacts.open("文".repeat(100))).toBeUndefined();
});
