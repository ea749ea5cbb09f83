/**
 * The rows of `{"rows":[{…},{…}]}` as the caller wrote them, for the log: to write 28 numbers again takes longer than all the rest
 * of a record. undefined where finding them takes more than counting braces: line breaks, objects in rows, braces in texts.
 *
 * Why counting does: every row has its two braces in `body`, and so has the object around them. When there are no others, none is
 * part of a string, and a row is from one that opens to the next, which closes.
 *
 * @param body JSON of an object. @param count how many objects there are within it, one beside the other.
 */
export function rowTexts(body: string, count: number): readonly string[] | undefined {
  // A record is a line.
  if (body.includes("\n")) return undefined;
  const first = body.indexOf("{");
  let open = body.indexOf("{", first + 1);
  let close = body.indexOf("}", first + 1);
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    if (open < 0 || close < open) return undefined;
    const next = body.indexOf("{", open + 1);
    if (next >= 0 && next < close) return undefined;
    texts.push(body.slice(open, close + 1));
    open = next;
    close = body.indexOf("}", close + 1);
  }
  const last = open < 0 && close >= 0 && body.indexOf("}", close + 1) < 0;
  return last ? texts : undefined;
}
