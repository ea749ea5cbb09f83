/**
 * What one kind of thing can be searched by: a table that `parseFilter` and `parseOrder` read. To add a kind, write such a table
 * in `kinds.ts`, parse with it, and turn the clauses into SQL in the store that has the tables: `condition` (condition.ts) writes
 * one comparison of a column with a clause, `keyset.ts` the ordering and the place where the next page begins.
 */
export type Operator =
  | "="
  | "!="
  | ">"
  | ">="
  | "<"
  | "<="
  | "LIKE"
  | "ILIKE"
  | "RLIKE"
  | "IN"
  | "NOT IN"
  | "IS NULL"
  | "IS NOT NULL";

export interface KeyRule {
  /** What stands right of the operator: a number without quotes, or text in quotes. */
  readonly value: "number" | "text";
  readonly operators: readonly Operator[];
  readonly orderable: boolean;
}

/** What a word before the first dot stands for. */
export interface EntityRule {
  /** What clauses say: "metric", "attribute". */
  readonly entity: string;
  /** The words themselves; case matters. */
  readonly prefixes: readonly string[];
  /** Keys without a prefix are of this entity; one per kind. */
  readonly bare?: true;
  /** Known keys. */
  readonly keys?: Readonly<Record<string, KeyRule>>;
  /** Other names of known keys: name → key. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Keys of any name, if they begin with `prefix` and go on. */
  readonly open?: { readonly prefix: string; readonly rule: KeyRule };
}

export interface SearchKind {
  /** For messages: "runs". */
  readonly name: string;
  readonly entities: readonly EntityRule[];
}

/** One condition; a filter is all of its clauses. A thing without the key matches none but IS NULL. */
export interface Clause {
  /** `EntityRule.entity`. */
  readonly entity: string;
  /** Aliases resolved, quotes gone. */
  readonly key: string;
  readonly operator: Operator;
  /** A list with IN and NOT IN, nothing with IS NULL and IS NOT NULL. */
  readonly value: number | string | readonly string[] | undefined;
}

export interface OrderTerm {
  readonly entity: string;
  readonly key: string;
  readonly value: "number" | "text";
  readonly descending: boolean;
}
