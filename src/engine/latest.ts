/** Keeps what was made for the last key only. What could not be made is made again when asked for again. */
export function latest<K, V>(make: (key: K) => Promise<V>): (key: K) => Promise<V> {
  let kept: { readonly key: K; readonly value: Promise<V> } | undefined;
  return (key) => {
    if (kept?.key === key) return kept.value;
    const made = { key, value: make(key) };
    kept = made;
    made.value.catch(() => {
      if (kept === made) kept = undefined;
    });
    return made.value;
  };
}
