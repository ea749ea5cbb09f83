import { invalidParameter } from "../mlflow/errors.ts";
import type { EntityRule, OrderTerm, SearchKind } from "./kind.ts";
import { brief, type Token, tokens } from "./lexer.ts";
import { quotedList, resolveKey } from "./resolve-key.ts";

const MAX_TERMS = 20;
const MAX_LENGTH = 2000;

/** `key [ASC|DESC]`, one key an item, ascending when not said; a repeated key is refused. */
export function parseOrder(items: readonly string[], kind: SearchKind): readonly OrderTerm[] {
  if (items.length > MAX_TERMS)
    throw invalidParameter(
      `order_by has ${items.length} entries; at most ${MAX_TERMS} are sorted by.`,
    );
  const terms = items.map((item) => term(item, kind));
  terms.forEach((one, i) => {
    if (terms.slice(0, i).some((other) => other.entity === one.entity && other.key === one.key))
      throw invalidParameter(`\`order_by\` contains duplicate fields: '${brief(items[i]!)}'`);
  });
  return terms;
}

function term(item: string, kind: SearchKind): OrderTerm {
  if (item.length > MAX_LENGTH || item.includes("\0")) throw invalid(item);
  // MLflow refuses blanks around the clause, and its tests say so.
  if (item === "" || item !== item.trim()) throw invalid(item);
  const [key, direction, ...rest] = tokensOf(item);
  if (key?.type !== "name" || rest.length > 0) throw invalid(item);
  const word = direction?.text.toUpperCase();
  if (word !== undefined && word !== "ASC" && word !== "DESC")
    throw direction?.type === "name"
      ? invalidParameter(
          `Invalid ordering key in order_by clause '${brief(item)}': '${brief(direction.text)}' is neither ASC nor DESC.`,
        )
      : invalid(item);
  const { entity, key: name, rule } = resolveKey(key.parts, kind);
  if (!rule.orderable)
    throw invalidParameter(
      `Invalid order by key '${brief(key.text)}' specified in a search of ${kind.name}. Valid keys are ${quotedList(orderKeys(kind.entities))}.`,
    );
  return { entity, key: name, value: rule.value, descending: word === "DESC" };
}

function tokensOf(item: string): Token[] {
  try {
    return tokens(item);
  } catch {
    throw invalid(item);
  }
}

const invalid = (item: string): Error =>
  invalidParameter(
    `Invalid order_by clause '${brief(item)}'. Could not be parsed: expected a key, then ASC, DESC or nothing.`,
  );

const orderKeys = (entities: readonly EntityRule[]): string[] =>
  entities.flatMap(({ prefixes, keys = {}, open }) => [
    ...Object.entries(keys)
      .filter(([, rule]) => rule.orderable)
      .map(([key]) => key),
    ...(open?.rule.orderable ? [`${prefixes[0]}.${open.prefix}…`] : []),
  ]);
