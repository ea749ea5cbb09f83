import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { random } from "../../src/lib/random.ts";
import { type Cells, cellOf, readCells, writeCells } from "./cells.ts";
import type { TestSet } from "./sets.ts";

/** Where the training and test rows of one split of a set lie: the same files for everybody. */
export interface Part {
  readonly train: string;
  readonly test: string;
  readonly rows: number;
  readonly testRows: number;
}

const SEED = 7;

export function partsOf(set: TestSet, data: string, folder: string): Part[] {
  const read = (file: string) => {
    const cells = readCells(join(data, file), set.delimiter, set.header);
    return set.prepare ? set.prepare(cells) : cells;
  };
  const all = read(set.file);
  const only = (keep: (at: number) => boolean): Cells => ({
    ...all,
    rows: all.rows.filter((_, at) => keep(at)),
  });
  const { split } = set;
  if (split.kind === "file") return [kept(folder, all, read(set.test!))];
  if (split.kind === "border") {
    const isTest = all.rows.map((row, at) => split.isTest(cellOf(all.names, row), at));
    return [
      kept(
        folder,
        only((at) => !isTest[at]),
        only((at) => isTest[at]!),
      ),
    ];
  }
  const fold = stratifiedFolds(all, set.target, split.k);
  return Array.from({ length: split.k }, (_, k) =>
    kept(
      join(folder, `fold-${k + 1}`),
      only((at) => fold[at] !== k),
      only((at) => fold[at] === k),
    ),
  );
}

function kept(folder: string, train: Cells, test: Cells): Part {
  mkdirSync(folder, { recursive: true });
  const paths = { train: join(folder, "train.csv"), test: join(folder, "test.csv") };
  writeCells(paths.train, train);
  writeCells(paths.test, test);
  return { ...paths, rows: train.rows.length, testRows: test.rows.length };
}

/** Each row's fold: shuffled, then dealt out class by class. */
function stratifiedFolds({ names, rows }: Cells, target: string, k: number): Uint8Array {
  const classes = new Map<string, number[]>();
  for (const at of random(SEED).shuffle(Uint32Array.from(rows.keys()))) {
    const label = rows[at]![names.indexOf(target)]!;
    const members = classes.get(label) ?? [];
    members.push(at);
    classes.set(label, members);
  }
  const fold = new Uint8Array(rows.length);
  let dealt = 0;
  for (const members of classes.values()) for (const at of members) fold[at] = dealt++ % k;
  return fold;
}
