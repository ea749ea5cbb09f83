import { z } from "zod";
import { doesNotExist, invalidParameter, mlflowError } from "../mlflow/errors.ts";
import { absent, text } from "../mlflow/fields.ts";

const NAME_LENGTH = 255;

/** Names of endpoints become parts of URLs. */
export function checkedName(what: string, name: string): string {
  if (name.length <= NAME_LENGTH && /^[A-Za-z0-9_.-]+$/.test(name)) return name;
  throw invalidParameter(
    `Invalid ${what} name '${name.slice(0, NAME_LENGTH)}'. Name can only contain letters, numbers, underscores, hyphens, and dots, at most ${NAME_LENGTH}.`,
  );
}

/** A name for people, or another key of a table. */
export const freeName = (min = 1) => text(min).max(NAME_LENGTH);

/** Texts by name, as secrets and settings come. */
export const texts = () => z.record(freeName(), text());

/** The fields by which a thing is asked for: its id or its name, one of them. */
export const idOrName = <I extends string, N extends string>(id: I, name: N) =>
  ({ [id]: absent(text()), [name]: absent(text()) }) as Record<
    I | N,
    ReturnType<typeof absent<ReturnType<typeof text>>>
  >;

export interface Which {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

export function checkedWhich(idField: string, id = "", nameField = "name", name = ""): Which {
  if ((id === "") === (name === ""))
    throw invalidParameter(`Exactly one of ${idField} or ${nameField} must be provided`);
  return id === "" ? { name } : { id };
}

export const notFound = (what: string, which: string): Error =>
  doesNotExist(`${what} not found (${which})`);

export const nameTaken = (what: string, name: string): Error =>
  mlflowError("RESOURCE_ALREADY_EXISTS", `${what} with name '${name}' already exists`);
