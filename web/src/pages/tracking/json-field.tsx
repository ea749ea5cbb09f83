type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** undefined: it is none. */
export function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** As a shell reads it back. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export function JsonField({
  label,
  text,
  onText,
}: {
  label: string;
  text: string;
  onText: (text: string) => void;
}) {
  return (
    <label className="field">
      <span>{label}</span>
      <textarea
        className="json"
        rows={4}
        spellCheck={false}
        value={text}
        aria-invalid={readJson(text) === undefined}
        onChange={(event) => onText(event.target.value)}
      />
    </label>
  );
}
