import { describe, expect, test } from "vitest";
import { checkProject } from "./check-project.ts";
import type { RemoteRun } from "./remote-run.ts";
import { kubernetes, process, ray } from "./remote-run.ts";

const check = (run: unknown) =>
  checkProject(
    {
      datasets: { d: { source: "d.csv" } },
      models: { m: { dataset: "d", target: "y", train: { commands: { net: { run } } } } },
    },
    "millwright.config.ts",
    "",
  );
const command = ["python", "train.py"];

describe("where a program runs, as it is written in a project", () => {
  test("is here, or one of the places", () => {
    const given: (readonly string[] | RemoteRun)[] = [
      command,
      process({ command }),
      ray({ address: "http://ray:8265", entrypoint: "lib/train.py:fit", resources: { gpu: 0.5 } }),
      kubernetes({ image: "i:1", command, resources: { cpu: 2, memory: "4GiB", gpu: 1 } }),
    ];
    for (const run of given) expect(check(run).models.m!.train!.commands!.net!.run).toEqual(run);
  });

  test("errors name the field as it was written, and the mending", () => {
    const fails = (run: unknown) => expect(() => check(run));
    fails([]).toThrow(/models.m.train.commands.net.run/);
    fails(ray({ address: "ray:8265", command })).toThrow(/run.address: .*http:\/\/ray-head:8265/);
    fails(process({})).toThrow(/either command or entrypoint/);
    fails(process({ command, entrypoint: "a.py:f" })).toThrow(/either command or entrypoint/);
    fails(process({ entrypoint: "train.py" })).toThrow(/"train.py:fit"/);
    fails(kubernetes({ image: "i", command, resources: { memory: "4 gigs" } })).toThrow(
      /run.resources.memory: .*4GiB/,
    );
    fails(kubernetes({ image: "i", command, imge: "x" } as never)).toThrow(/no such field/);
    fails(ray({ address: "http://r", command, startWithin: "soon" })).toThrow(/startWithin/);
  });
});
