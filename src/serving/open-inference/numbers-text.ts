/** Digits and what else a list of numbers consists of; no line break. */
const LIST = /"data" ?: ?\[([-+.\deE, ]+)\]/;

/**
 * What stands between the brackets of `"data":[…]`, a flat list of numbers, in a body that has it once: the values as the caller
 * wrote them, for the log. undefined when the body has another form.
 *
 * It is the list that the parser found under that name: without a backslash no other way of writing a name can name it, and a
 * second `"data"`, name or text, is too much.
 *
 * @param body JSON.
 */
export function numbersText(body: string): string | undefined {
  const at = body.indexOf('"data"');
  if (at < 0 || body.indexOf('"data"', at + 1) >= 0 || body.includes("\\")) return undefined;
  return LIST.exec(body)?.[1];
}
