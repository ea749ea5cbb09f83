import { MillwrightError } from "../../errors.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { Experiment } from "../experiments/experiment.ts";
import { EXPERIMENT_COLUMNS, type ExperimentRow, experimentOfRow } from "../experiments/store.ts";
import type { TrackedKeys } from "../keys/store.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { RUN_COLUMNS, type RunRow } from "../runs/store.ts";
import {
  type ExperimentSearch,
  experimentColumns,
  experimentStatement,
} from "./experiment-statement.ts";
import type { Position } from "./keyset.ts";
import { type Page, pageOf } from "./page.ts";
import { type Part, type RunSearch, runColumns, runParts } from "./run-search.ts";
import { runStatement, type Statement } from "./run-statement.ts";
import { keyText, RUN_TEXTS, type RunTextRow, runText } from "./run-text.ts";
import { hasTies, MOST_TIES, type TieStart, tieIn, tieStatement } from "./ties.ts";

export interface PageWanted {
  readonly position: Position | undefined;
  readonly count: number;
}

export interface DatasetSummary {
  readonly experiment: string;
  readonly name: string;
  readonly digest: string;
  readonly context: string | undefined;
}

export interface SearchStore {
  runs(search: Omit<RunSearch, "keys">, page: PageWanted): Promise<Page<RunRow>>;
  /** The runs of a page with all they show, each as the text of its JSON. */
  texts(runs: readonly RunRow[]): Promise<string[]>;
  experiments(search: ExperimentSearch, page: PageWanted): Promise<Page<Experiment>>;
  /** What the runs of these experiments used, each once. */
  datasets(experiments: readonly string[], limit: number): Promise<DatasetSummary[]>;
}

/** Keys whose JSON a process remembers, and those of one page more. */
const REMEMBERED = 100_000;

/** `sqlState` of a statement that was ended. */
const CANCELLED = "57014";

/** Searches that could take long; to watch one costs two further round trips. */
const isHeavy = ({ clauses }: RunSearch): boolean =>
  clauses.length > 4 || clauses.some(({ operator }) => operator.endsWith("LIKE"));

/** @param timeoutMs after which PostgreSQL ends a search that could take long. */
export function searchStore(
  sql: Sql,
  keys: TrackedKeys,
  { timeoutMs = 30_000 }: { readonly timeoutMs?: number } = {},
): SearchStore {
  const find = async ({ text, parameters }: Statement, isHeavy: boolean): Promise<RunRow[]> => {
    if (!isHeavy) return sql.query<RunRow>(text, parameters);
    try {
      return await sql.transact(async (tx) => {
        await tx.query("select set_config('statement_timeout', $1, true)", [String(timeoutMs)]);
        return tx.query<RunRow>(text, parameters);
      });
    } catch (error) {
      if (!(error instanceof MillwrightError) || error.details.sqlState !== CANCELLED) throw error;
      throw invalidParameter(
        `The search took longer than ${timeoutMs / 1000} s and was ended. Narrow it: fewer clauses or experiments, conditions with = instead of LIKE.`,
      );
    }
  };
  const nextTie = async (search: RunSearch, from: Position | undefined, limit: number) => {
    const statement = tieStatement(search, from, limit);
    if (statement === undefined) return undefined;
    const [row] = await sql.query<TieStart>(statement.text, statement.parameters);
    return row && tieIn(row);
  };
  const begin = new Map<string, string>();
  return {
    async runs(given, { position, count }) {
      if (given.experiments.length === 0) return { items: [], next: undefined };
      const named = [...given.clauses, ...given.order].filter(
        ({ entity }) => entity !== "attribute" && entity !== "dataset",
      );
      let search: RunSearch = {
        ...given,
        keys: await keys.known(new Set(named.map(({ key }) => key))),
      };
      const rows: RunRow[] = [];
      let from = position;
      const read = async (narrowed: RunSearch, part: Part): Promise<void> => {
        const limit = count + 1 - rows.length;
        const statement = runStatement(narrowed, part, {
          ...{ select: RUN_COLUMNS, position: from, limit },
        });
        if (statement !== undefined)
          for (const row of await find(statement, isHeavy(narrowed))) rows.push(row);
        from = undefined;
      };
      for (const part of runParts(search, position)) {
        const ties = part === "present" && hasTies(search) ? MOST_TIES : 0;
        for (let turn = 0; turn < ties && rows.length <= count; turn++) {
          const tied = await nextTie(search, from, count + 1);
          if (tied === undefined) break;
          // The runs with the position's value may have gone meanwhile.
          if (from?.[0] !== tied) from = undefined;
          await read({ ...search, beyond: undefined, tied }, part);
          search = { ...search, beyond: tied };
        }
        if (rows.length <= count) await read(search, part);
        if (rows.length > count) break;
        search = { ...search, beyond: undefined };
      }
      return pageOf(rows, count, runColumns(search, "all"));
    },
    async texts(runs) {
      const rows = await sql.query<RunTextRow>(
        `select ${RUN_TEXTS} from unnest($1::bigint[]) r (seq)`,
        [runs.map(({ seq }) => seq)],
      );
      const bySeq = new Map(rows.map((row) => [row.seq, row]));
      if (begin.size > REMEMBERED) begin.clear();
      for (;;) {
        const missing = new Set<string>();
        const texts = runs.map((run) => runText(run, bySeq.get(run.seq), { begin, missing }));
        if (missing.size === 0) return texts;
        const names = await keys.names([...missing].map(Number));
        for (const key of missing) begin.set(key, keyText(names.get(Number(key)) ?? key));
      }
    },
    async experiments(search, { position, count }) {
      const { text, parameters } = experimentStatement(search, {
        ...{ select: EXPERIMENT_COLUMNS, position, limit: count + 1 },
      });
      const rows = await sql.query<ExperimentRow>(text, parameters);
      const { items, next } = pageOf(rows, count, experimentColumns(search));
      return { items: items.map(experimentOfRow), next };
    },
    async datasets(experiments, limit) {
      const rows = await sql.query<{
        id: string;
        name: string;
        digest: string;
        context: string | null;
      }>(
        `select distinct d.experiment::text as id, d.name, d.digest, i.context
         from millwright.tracked_dataset d join millwright.run_dataset i on i.dataset = d.id
         where d.experiment = any($1::bigint[]) order by 1, 2, 3, 4 limit $2`,
        [experiments, limit],
      );
      return rows.map(({ id, name, digest, context }) => ({
        ...{ experiment: id, name, digest, context: context ?? undefined },
      }));
    },
  };
}
