/** Beyond the models that have a label of their own. */
export const OTHER_MODELS = "other";

const AT_ONCE = 50;
const LATER = 50;
/** How often one of the later models has to be asked. */
const ASKED = 100;

/**
 * Labels for metrics: at most a hundred models have one of their own, however many there are (each costs some fifty lines a route).
 * The first fifty get it at once, fifty more when they have been asked a hundred times; a label, once given, stays, because a
 * series that loses its counts looks like a restart. Names that are no model's are never a label.
 */
export function modelLabels(
  known: (model: string) => boolean,
): (model: string | undefined) => string {
  const own = new Set<string>();
  const asked = new Map<string, number>();
  return (model) => {
    if (model === undefined) return "";
    if (own.has(model)) return model;
    if (!known(model)) return "unknown";
    if (own.size < AT_ONCE) {
      own.add(model);
      return model;
    }
    if (own.size >= AT_ONCE + LATER) return OTHER_MODELS;
    const times = (asked.get(model) ?? 0) + 1;
    asked.set(model, times);
    if (times < ASKED) return OTHER_MODELS;
    asked.delete(model);
    own.add(model);
    return model;
  };
}
