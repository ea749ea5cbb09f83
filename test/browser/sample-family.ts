import { memberName } from "../../src/families/member-name.ts";
import type { FamilyMember, LevelSummary } from "../../src/families/members.ts";
import { type FamilyStore, familyStore } from "../../src/families/store.ts";
import type { Digest } from "../../src/lib/digest.ts";
import { testDatabase } from "../../src/testing/database.ts";

export interface SampleFamily {
  readonly families: FamilyStore;
  stop(): Promise<void>;
}

const LEVELS = [["customer"], ["branch", "region"], ["branch"]] as const;
const ENOUGH = { rows: 200, perClass: 30, shrink: 30, test: 10 };
const BRANCHES = ["retail", "food", "energy", "health care", "transport", "banking"];
const REGIONS = ["north", "east", "south", "west"];
const DAY = 86_400_000;

const digest = (text: string): Digest =>
  `sha256:${Buffer.from(text).toString("hex").padEnd(64, "0").slice(0, 64)}`;

/** A family as trainings leave it, in a real database: `churn` with so many customers, 12 of them failing. */
export async function sampleFamily(customers: number, now = Date.now()): Promise<SampleFamily> {
  const { sql, stop } = await testDatabase();
  const families = familyStore(sql);
  const chance = pseudoRandom(7);
  const shared = {
    family: "churn",
    dataset: digest("data"),
    code: digest("code"),
    champion: digest("champion"),
  };
  const training = (
    n: number,
    ago: number,
    levels: readonly LevelSummary[],
    seconds: number,
    parent?: Digest,
  ) =>
    families.addVersion({
      ...{
        ...shared,
        id: digest(`training ${n}`),
        runId: n === 1 ? "run_01k9train3" : "run_01k9train2",
      },
      ...{ levels: LEVELS, enough: ENOUGH, files: digest("files"), results: digest("results") },
      ...(parent ? { parent } : {}),
      summary: {
        levels,
        rows: customers * 60,
        testRows: customers * 15,
        seconds,
        computeSeconds: seconds * 1.8,
      },
      createdAt: now - ago,
    });
  const first = await training(1, 9 * DAY, summaries(customers), 412);
  const again = await training(2, 2 * DAY, summaries(3), 11, first.id);
  const of = (level: number, values: readonly string[], n: number) =>
    sampleMember({ level, values, rows: n, chance, training: again.id, at: now - 2 * DAY });
  const members = [
    ...Array.from({ length: customers }, (_, i) =>
      of(0, [`customer ${String(i).padStart(5, "0")}`], Math.round(30 * (1 - chance()) ** -0.7)),
    ),
    ...BRANCHES.flatMap((branch) => REGIONS.map((region) => of(1, [branch, region], 40_000))),
    ...BRANCHES.map((branch) => of(2, [branch], 160_000)),
  ];
  for (let at = 0; at < members.length; at += 2000)
    await families.putMembers("churn", members.slice(at, at + 2000));
  const watched = members.filter(({ stands, level }) => stands && level === 0);
  await families.putWatched(
    "churn",
    watched.map(({ name, loss }, i) => {
      const failing = i < 12;
      return {
        name,
        at: now - DAY / 2,
        rows: 40 + i,
        loss: loss! * (failing ? 1.7 : 1.01),
        q: failing ? 0.004 : 0.6,
        failing,
      };
    }),
  );
  return { families, stop };
}

const summaries = (members: number): LevelSummary[] =>
  LEVELS.map((columns, level) => ({
    ...{ columns, members: level === 0 ? members : 24, thin: level === 0 ? 431 : 0, failed: 0 },
    ...{ standing: Math.round(members / 5), loss: 0.3, parentLoss: 0.31, candidates: {} },
  }));

function sampleMember(of: {
  readonly level: number;
  readonly values: readonly string[];
  readonly rows: number;
  readonly chance: () => number;
  readonly training: Digest;
  readonly at: number;
}): FamilyMember {
  const { level, values, rows, chance, training, at } = of;
  const name = memberName("churn", level, values);
  const stands = rows > 60 && chance() < 0.6;
  const parentLoss = 0.3 + 0.2 * chance();
  const gain = stands ? 0.01 + 0.3 * chance() ** 3 : 0;
  const candidate = !stands
    ? "parent"
    : rows < 200
      ? "shrunk-30"
      : chance() < 0.5
        ? "shrunk-3"
        : "gbdt-1";
  const loss = parentLoss * (1 - gain);
  return {
    ...{ name, level, values, stands, rows, testRows: Math.round(rows / 4) },
    ...{
      candidate,
      loss,
      reference: { n: Math.round(rows * 1.25), mean: loss, deviation: 0.2 },
      parentLoss,
      q: stands ? 0.002 + 0.04 * chance() : null,
    },
    reason: stands ? null : `nothing did better than the parent on its ${rows} training rows`,
    version: stands
      ? {
          id: digest(name),
          number: 2,
          onnx: digest(`onnx ${name}`),
          background: digest(`rows ${name}`),
        }
      : null,
    bytes: stands ? 9000 + Math.round(50_000 * chance()) : null,
    tried: {
      ...{ parent: parentLoss + 0.01, "shrunk-30": loss + 0.012 },
      ...(rows < 200 ? {} : { "shrunk-3": loss + 0.008, "gbdt-1": loss + (stands ? 0.006 : 0.05) }),
    },
    ...{ training, trainedAt: at, watched: null },
  };
}

/** mulberry32: the same numbers on every machine. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
