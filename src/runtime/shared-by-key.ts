/** Things that cost memory and are the same for many: opened for the first who takes one, closed when the last has released it. */
export interface SharedByKey<Key, Thing> {
  /** @param release at most once each. */
  take(key: Key, open: () => Promise<Thing>): Promise<Taken<Thing>>;
}

interface Taken<Thing> {
  readonly value: Thing;
  release(): Promise<void>;
}

export function sharedByKey<Key, Thing>(
  close: (thing: Thing) => Promise<void>,
): SharedByKey<Key, Thing> {
  const held = new Map<Key, { readonly opening: Promise<Thing>; users: number }>();
  return {
    async take(key, open) {
      const entry = held.get(key) ?? { opening: open(), users: 0 };
      held.set(key, entry);
      entry.users++;
      const leave = (): boolean => {
        entry.users--;
        if (entry.users > 0) return false;
        return held.delete(key);
      };
      try {
        const value = await entry.opening;
        return {
          value,
          async release() {
            if (leave()) await close(value);
          },
        };
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}
