import type { Json } from "../../lib/json.ts";
import { isObject, type JsonObject } from "../mlflow/storable.ts";
import { type AttributeValue, plainJson } from "./attribute-value.ts";

/** What lists of traces show of inputs and outputs. */
const MAX = 1000;

/**
 * A short text of a span's inputs or outputs: of a conversation (OpenAI's and Anthropic's shapes) the last message of that role,
 * else all of it as JSON. null when there is nothing.
 */
export function previewOf(
  value: AttributeValue | undefined,
  role: "user" | "assistant",
): string | null {
  if (value === undefined || value === null) return null;
  const plain = plainJson(value);
  const text =
    lastMessage(plain, role) ?? (typeof plain === "string" ? plain : JSON.stringify(plain));
  return text.length <= MAX ? text : `${text.slice(0, MAX - 3).toWellFormed()}...`;
}

function lastMessage(value: Json, role: string): string | undefined {
  if (!isObject(value)) return undefined;
  const messages = messagesOf(value).filter(isObject);
  const last = messages.findLast((message) => message.role === role) ?? messages.at(-1);
  return last && contentText(last.content);
}

function messagesOf(value: JsonObject): readonly Json[] {
  for (const key of ["messages", "input", "output"]) {
    const list = value[key];
    if (Array.isArray(list)) return list.filter((item) => isObject(item) && "role" in item);
  }
  const choice = Array.isArray(value.choices) ? (value.choices[0] as Json) : undefined;
  if (isObject(choice) && isObject(choice.message)) return [choice.message];
  return isObject(value.request) ? messagesOf(value.request) : [];
}

/** A text, or parts of which some are texts. */
function contentText(content: Json | undefined): string | undefined {
  if (typeof content === "string") return content === "" ? undefined : content;
  if (!Array.isArray(content)) return undefined;
  const texts = content
    .filter(isObject)
    .flatMap(({ text }) => (typeof text === "string" ? [text] : []));
  return texts.length === 0 ? undefined : texts.join(" ");
}
