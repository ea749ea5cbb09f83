import type { Sql } from "../../storage/sql/sql.ts";

/** Names of metrics, params and run tags, kept once and referred to by number. Numbers never change, so they are remembered here. */
export interface TrackedKeys {
  /** Of each name its number; names not seen before get one, at once and for good. */
  numbers(names: Iterable<string>): Promise<ReadonlyMap<string, number>>;
  /** As `numbers`, but a name nobody has used has none: for searches. */
  known(names: Iterable<string>): Promise<ReadonlyMap<string, number>>;
  names(numbers: Iterable<number>): Promise<ReadonlyMap<number, string>>;
}

interface Row {
  readonly id: number;
  readonly name: string;
}

/** Names remembered by a process, about 20 MB of them; callers with ever new names must not fill its memory. */
const REMEMBERED = 100_000;

export function trackedKeys(sql: Sql): TrackedKeys {
  const byName = new Map<string, number>();
  const byNumber = new Map<number, string>();

  const remember = ({ id, name }: Row): void => {
    if (byName.size >= REMEMBERED && !byName.has(name)) {
      const [oldest, number] = byName.entries().next().value!;
      byName.delete(oldest);
      byNumber.delete(number);
    }
    byName.set(name, id);
    byNumber.set(id, name);
  };

  const ask = async (names: readonly string[]): Promise<Row[]> =>
    names.length === 0
      ? []
      : sql.query<Row>("select id, name from millwright.tracked_key where name = any($1::text[])", [
          names,
        ]);

  /** In their order, so that processes that add the same names wait for each other instead of dead-locking. */
  const add = async (names: readonly string[]): Promise<Row[]> => {
    await sql.query(
      `insert into millwright.tracked_key (name) select unnest($1::text[]) order by 1
       on conflict (name) do nothing`,
      [names],
    );
    return ask(names);
  };

  const look = async (names: Iterable<string>, addMissing: boolean) => {
    const found = new Map<string, number>();
    const unknown = new Set<string>();
    for (const name of names) {
      const number = byName.get(name);
      if (number === undefined) unknown.add(name);
      else found.set(name, number);
    }
    if (unknown.size === 0) return found;
    const take = (row: Row): void => {
      remember(row);
      found.set(row.name, row.id);
      unknown.delete(row.name);
    };
    for (const row of await ask([...unknown])) take(row);
    if (addMissing && unknown.size > 0) for (const row of await add([...unknown])) take(row);
    return found;
  };

  return {
    numbers: (names) => look(names, true),
    known: (names) => look(names, false),
    async names(numbers) {
      const found = new Map<number, string>();
      const unknown = new Set<number>();
      for (const number of numbers) {
        const name = byNumber.get(number);
        if (name === undefined) unknown.add(number);
        else found.set(number, name);
      }
      if (unknown.size === 0) return found;
      const rows = await sql.query<Row>(
        "select id, name from millwright.tracked_key where id = any($1::integer[])",
        [[...unknown]],
      );
      for (const row of rows) {
        remember(row);
        found.set(row.id, row.name);
      }
      return found;
    },
  };
}
