import { invalidParameter } from "../mlflow/errors.ts";
import type { EntityRule, KeyRule, SearchKind } from "./kind.ts";
import { brief, type Part } from "./lexer.ts";

export interface ResolvedKey {
  readonly entity: string;
  readonly key: string;
  readonly rule: KeyRule;
}

/** The first dot separates entity and name, later ones belong to the name. Throws for what the kind does not have. */
export function resolveKey(parts: readonly Part[], kind: SearchKind): ResolvedKey {
  const bare = parts.length === 1;
  const prefix = parts[0]!.text;
  const entity = kind.entities.find((rule) => (bare ? rule.bare : rule.prefixes.includes(prefix)));
  if (entity === undefined)
    throw invalidParameter(
      `Invalid entity type '${brief(prefix)}' in a search of ${kind.name}. Valid values are ${quotedList(kind.entities.flatMap((rule) => rule.prefixes))}.`,
    );
  const name = parts
    .slice(bare ? 0 : 1)
    .map((part) => part.text)
    .join(".");
  const key = own(entity.aliases, name) ?? name;
  const rule = own(entity.keys, key) ?? openRule(entity, key);
  if (rule !== undefined) return { entity: entity.entity, key, rule };
  throw invalidParameter(
    `Invalid ${entity.entity} key '${brief(name)}' specified in a search of ${kind.name}. Valid keys are ${quotedList(keysOf(entity))}.`,
  );
}

const own = <T>(of: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  of !== undefined && Object.hasOwn(of, key) ? of[key] : undefined;

const openRule = ({ open }: EntityRule, key: string): KeyRule | undefined =>
  open !== undefined && key.length > open.prefix.length && key.startsWith(open.prefix)
    ? open.rule
    : undefined;

const keysOf = ({ keys = {}, aliases = {}, open }: EntityRule): string[] => [
  ...Object.keys(keys),
  ...Object.keys(aliases),
  ...(open === undefined ? [] : [`${open.prefix}…`]),
];

export const quotedList = (names: readonly string[]): string =>
  names.map((name) => `'${name}'`).join(", ");
