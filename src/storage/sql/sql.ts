/** PostgreSQL, one dialect. Parameters are `$1…`; rows come back with the column names of the statement. */
export interface Sql {
  query<Row = Record<string, unknown>>(
    text: string,
    parameters?: readonly unknown[],
  ): Promise<Row[]>;
  /** One transaction; rolls back when `body` throws. */
  transact<T>(body: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
