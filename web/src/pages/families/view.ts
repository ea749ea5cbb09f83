import { shellWord } from "./words.ts";

export const ORDERS = ["gain", "rows", "loss", "name"] as const;
export type Order = (typeof ORDERS)[number];

export const STATE_FILTERS = ["standing", "parent", "failing"] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];

export const PAGE = 25;

/** What of a family is looked at. All of it is in the address. */
export interface View {
  readonly level: number;
  readonly search: string;
  readonly state: StateFilter | undefined;
  readonly order: Order;
  readonly colour: "gain" | "state";
  /** From 1. */
  readonly page: number;
}

export function viewIn(query: URLSearchParams, levels: number): View {
  const number = (name: string) => Number(query.get(name)) || 0;
  const level = Math.floor(number("level"));
  const [state, order] = [query.get("state"), query.get("order")];
  return {
    level: level >= 0 && level < levels ? level : 0,
    search: query.get("search") ?? "",
    state: STATE_FILTERS.find((name) => name === state),
    order: ORDERS.find((name) => name === order) ?? "gain",
    colour: query.get("colour") === "state" ? "state" : "gain",
    page: Math.max(1, Math.floor(number("page"))),
  };
}

/** As the API takes it. */
export const queryOf = ({ level, search, state, order, page }: View) => ({
  ...{ level, order, limit: PAGE, offset: (page - 1) * PAGE },
  ...(search === "" ? {} : { search }),
  ...(state === "standing" ? { stands: true } : state === "parent" ? { stands: false } : {}),
  ...(state === "failing" ? { failing: true } : {}),
});

export const commandOf = (model: string, { level, search, state, order }: View): string =>
  [
    `millwright family ${model} --level ${level}`,
    ...(state === "standing" || state === "failing" ? [`--${state}`] : []),
    ...(search === "" ? [] : [`--search ${shellWord(search)}`]),
    ...(order === "gain" ? [] : [`--order ${order}`]),
  ].join(" ");
