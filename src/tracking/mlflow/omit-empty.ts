/** MLflow leaves empty lists and unset fields out of its answers. */
export function omitEmpty<T extends object>(fields: T): Partial<T> {
  const kept: Partial<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    kept[key] = value;
  }
  return kept;
}
