import { category, defineProject, family } from "millwright";

const bookings = {
  dataset: "bookings",
  target: "is_canceled",
  positive: "1",
  features: { agent: category(), company: category() },
};

export default defineProject({
  datasets: {
    bookings: { source: "data/bookings.csv.gz", time: "arrival" },
  },
  models: {
    cancels: {
      ...bookings,
      // A model for each agent x country x market segment, where it is shown to be better than what is above it.
      family: family({
        by: ["agent", "country", "market_segment"],
        parents: [["country", "market_segment"], ["market_segment"], []],
      }),
    },
    // For comparison: every member that can be fitted at all has a model of its own, whether that is better or not.
    always_own: {
      ...bookings,
      family: family({
        by: ["agent", "country", "market_segment"],
        enough: { rows: 30, perClass: 5 },
        proof: false,
        pooling: false,
      }),
    },
  },
});
