import type { Sql } from "../../storage/sql/sql.ts";
import type { TrackedKeys } from "../keys/store.ts";
import { RUN_COLUMNS, type RunRow, runOfRow } from "../runs/store.ts";
import type { TrackedRun } from "../runs/tracked-run.ts";
import type { Position } from "./keyset.ts";
import { type Page, pageOf } from "./page.ts";
import { type RunSearch, runColumns, runParts } from "./run-search.ts";
import { runStatement } from "./run-statement.ts";

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
  runs(search: Omit<RunSearch, "keys">, page: PageWanted): Promise<Page<TrackedRun>>;
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
      const { items, next } = pageOf(rows, count, runColumns(search, "all"));
      return { items: items.map(runOfRow), next };
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
