import type { Sql } from "../../storage/sql/sql.ts";
import type { Experiment } from "../experiments/experiment.ts";
import { EXPERIMENT_COLUMNS, type ExperimentRow, experimentOfRow } from "../experiments/store.ts";
import type { TrackedKeys } from "../keys/store.ts";
import { RUN_COLUMNS, type RunRow } from "../runs/store.ts";
import {
  type ExperimentSearch,
  experimentColumns,
  experimentStatement,
} from "./experiment-statement.ts";
import type { Position } from "./keyset.ts";
import { type Page, pageOf } from "./page.ts";
import { type RunSearch, runColumns, runParts } from "./run-search.ts";
import { runStatement } from "./run-statement.ts";
import { keysOfTexts, RUN_TEXTS, type RunTextRow, runText } from "./run-text.ts";

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

export function searchStore(sql: Sql, keys: TrackedKeys): SearchStore {
  return {
    async runs(given, { position, count }) {
      if (given.experiments.length === 0) return { items: [], next: undefined };
      const named = [...given.clauses, ...given.order].filter(
        ({ entity }) => entity !== "attribute",
      );
      const search = { ...given, keys: await keys.known(new Set(named.map(({ key }) => key))) };
      const rows: RunRow[] = [];
      let from = position;
      for (const part of runParts(search, position)) {
        const limit = count + 1 - rows.length;
        const statement = runStatement(search, part, {
          select: RUN_COLUMNS,
          position: from,
          limit,
        });
        if (statement !== undefined)
          rows.push(...(await sql.query<RunRow>(statement.text, statement.parameters)));
        if (rows.length > count) break;
        from = undefined;
      }
      return pageOf(rows, count, runColumns(search, "all"));
    },
    async texts(runs) {
      const rows = await sql.query<RunTextRow>(
        `select ${RUN_TEXTS} from unnest($1::bigint[]) r (seq)`,
        [runs.map(({ seq }) => seq)],
      );
      const names = new Map<number, string>();
      for (const [number, name] of await keys.names(keysOfTexts(rows)))
        names.set(number, JSON.stringify(name));
      const bySeq = new Map(rows.map((row) => [row.seq, row]));
      return runs.map((run) => runText(run, bySeq.get(run.seq), names));
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
