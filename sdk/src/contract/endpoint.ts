import type { z } from "zod";

/**
 * One HTTP call of the API. `path` holds parameters in braces (`/models/{name}/predict`); they are fields of `input`, as are
 * the query (GET, DELETE) or the JSON body (other methods). Server, client and reference docs come from this one table.
 */
export interface Endpoint<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** One sentence for the reference. */
  readonly summary: string;
  readonly input: I;
  readonly output: O;
}

export type Contract = Readonly<Record<string, Endpoint>>;

/** Keeps the literal types of one entry. */
export const endpoint = <I extends z.ZodObject, O extends z.ZodType>(
  entry: Endpoint<I, O>,
): Endpoint<I, O> => entry;

/** What a caller passes. */
export type InputOf<E extends Endpoint> = z.input<E["input"]>;
/** What a caller gets. */
export type OutputOf<E extends Endpoint> = z.output<E["output"]>;

/** The names of the braces in a path, in order. */
export const pathParameters = (path: string): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
