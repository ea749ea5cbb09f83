import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { importOnnx } from "../onnx/import-onnx.ts";
import { foreignModel, tensor } from "../testing/foreign-model.ts";
import { readModelFile } from "./model-file-folder.ts";

const root = mkdtempSync(join(tmpdir(), "millwright-model-"));
const folder = join(root, "model");
mkdirSync(join(folder, "weights"), { recursive: true });
const data = new Uint8Array(Float32Array.of(1, 2).buffer);
writeFileSync(join(folder, "weights", "w.bin"), data);
writeFileSync(join(root, "secret.bin"), data);
symlinkSync(join(root, "secret.bin"), join(folder, "link.bin"));
symlinkSync(root, join(folder, "up"));
symlinkSync(join(folder, "weights", "w.bin"), join(folder, "inside.bin"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function modelWith(location: string): string {
  const file = join(folder, "m.onnx");
  const W = { name: "W", dims: [2], dataType: 1, dataLocation: 1 };
  const graph = {
    node: [{ opType: "Add", input: ["X", "W"], output: ["Y"] }],
    input: [{ name: "X", type: tensor(1, ["N", 2]) }],
    output: [{ name: "Y", type: tensor(1, ["N", 2]) }],
    initializer: [{ ...W, externalData: [{ key: "location", value: location }] }],
  };
  writeFileSync(file, foreignModel(graph));
  return file;
}

test.each(["weights/w.bin", "./weights/w.bin", "inside.bin"])(
  "weights in %s are read",
  (location) => {
    const { bytes, external, file } = readModelFile(modelWith(location));
    expect(file).toBe("m.onnx");
    expect(external.get(location)).toEqual(data);
    expect(() => importOnnx(bytes, { external })).not.toThrow();
  },
);

test.each([
  ["link.bin", /a link that leads out/],
  ["up/secret.bin", /a link that leads out/],
  ["../secret.bin", /only a file in the model's own folder/],
  [join(root, "secret.bin"), /only a file in the model's own folder/],
  ["nothing.bin", /is not in/],
  ["weights", /There is no file/],
])("%s is not read", (location, words) => {
  expect(() => readModelFile(modelWith(location))).toThrow(words);
});

test("a file that is not there is named", () => {
  expect(() => readModelFile(join(folder, "no.onnx"))).toThrow(/There is no file .*no\.onnx/);
});
