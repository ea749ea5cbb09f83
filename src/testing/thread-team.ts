import { Worker } from "node:worker_threads";
import { buildSync } from "esbuild";
import type { OpenTeam, TeamMember } from "../engine/compute.ts";

const [SEQUENCE, OP, DONE] = [0, 1, 2] as const;
const CLOSE = -1;

/** Teams of real threads for trainer tests, without the program's build: `member` is what `file` exports as `name`, bundled in memory. */
export function threadTeam(file: string, name: string, member: TeamMember): OpenTeam {
  const code = bundle(file, name);
  return (_, size, init) => {
    const control = new Int32Array(new SharedArrayBuffer(16));
    const workers = Array.from({ length: size - 1 }, (_, k) => {
      const workerData = { size, init, control, index: k + 1 };
      return new Worker(code, { eval: true, workerData });
    });
    const own = member(init as never, 0, size);
    const send = (op: number) => {
      Atomics.store(control, OP, op);
      Atomics.store(control, DONE, 0);
      Atomics.add(control, SEQUENCE, 1);
      Atomics.notify(control, SEQUENCE);
    };
    return {
      size,
      broadcast(op) {
        send(op);
        own(op);
        for (let done = 0; done < size - 1; done = Atomics.load(control, DONE))
          Atomics.wait(control, DONE, done, 1000);
      },
      close() {
        send(CLOSE);
        for (const worker of workers) worker.unref();
      },
    };
  };
}

function bundle(file: string, name: string): string {
  const contents = `
    import { workerData } from "node:worker_threads";
    import { ${name} } from "./${file}";
    const { size, init, control, index } = workerData;
    const execute = ${name}(init, index, size);
    for (let seen = 0; ; ) {
      Atomics.wait(control, ${SEQUENCE}, seen, 1000);
      if (Atomics.load(control, ${SEQUENCE}) === seen) continue;
      seen = Atomics.load(control, ${SEQUENCE});
      const op = Atomics.load(control, ${OP});
      if (op === ${CLOSE}) break;
      execute(op);
      Atomics.add(control, ${DONE}, 1);
      Atomics.notify(control, ${DONE});
    }`;
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
  });
  return outputFiles[0]!.text;
}
