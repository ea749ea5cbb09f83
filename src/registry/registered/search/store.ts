import type { Sql } from "../../../storage/sql/sql.ts";
import type { Position } from "../../../tracking/search/keyset.ts";
import { type Page, pageOf } from "../../../tracking/search/page.ts";
import type { RegisteredModel, RegisteredVersion } from "../registered-model.ts";
import { registeredStore } from "../store.ts";
import {
  MODEL_COLUMNS,
  type ModelRow,
  VERSION_COLUMNS,
  VERSIONS,
  type VersionRow,
  versionOfRow,
} from "../version-row.ts";
import {
  modelColumns,
  modelStatement,
  type RegisteredSearch,
  versionColumns,
  versionStatement,
} from "./registered-statement.ts";

export type RegisteredSearchStore = ReturnType<typeof registeredSearchStore>;

interface PageWanted {
  readonly position: Position | undefined;
  readonly count: number;
}

/** Registered models and versions by filter, in order, by pages. */
export function registeredSearchStore(sql: Sql) {
  return {
    async models(
      search: RegisteredSearch,
      { position, count }: PageWanted,
    ): Promise<Page<RegisteredModel>> {
      const { text, parameters } = modelStatement(search, {
        ...{ select: MODEL_COLUMNS, position, limit: count + 1 },
      });
      const rows = await sql.query<ModelRow>(text, parameters);
      const { items, next } = pageOf(rows, count, modelColumns(search));
      return { items: await registeredStore(sql).modelsOf(items), next };
    },
    async versions(
      search: RegisteredSearch,
      { position, count }: PageWanted,
    ): Promise<Page<RegisteredVersion>> {
      const { text, parameters } = versionStatement(search, {
        ...{ select: VERSION_COLUMNS, position, limit: count + 1 },
      });
      const rows = await sql.query<VersionRow>(text, parameters);
      const { items, next } = pageOf(rows, count, versionColumns(search));
      return { items: items.map(versionOfRow), next };
    },
    /** A version that came from a run or logged model, or whose files are among its own: `spam 3`. */
    async versionFrom(owner: {
      readonly id: string;
      readonly artifactUri: string;
    }): Promise<string | undefined> {
      const [row] = await sql.query<{ version: string }>(
        `select m.name || ' ' || v.number as version
         from ${VERSIONS}
         where v.run_id = $1 or v.logged_model = $1 or starts_with(v.location || '/', $2 || '/')
         order by m.name, v.number limit 1`,
        [owner.id, owner.artifactUri],
      );
      return row?.version;
    },
  };
}
