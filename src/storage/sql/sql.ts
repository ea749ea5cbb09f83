export interface QueryOptions {
  /**
   * Each connection parses and plans the text once. For statements of one of a few texts that are executed all the time: of a small
   * one with many parts, parsing and planning is half of the work. The plan must not depend on the parameters.
   */
  readonly prepare?: boolean;
}

/** PostgreSQL, one dialect. Parameters are `$1…`; rows come back with the column names of the statement. */
export interface Sql {
  query<Row = Record<string, unknown>>(
    text: string,
    parameters?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<Row[]>;
  /** One transaction; rolls back when `body` throws. */
  transact<T>(body: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
