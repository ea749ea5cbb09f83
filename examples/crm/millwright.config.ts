import { category, defineProject, family } from "millwright";

export default defineProject({
  datasets: {
    bookings: { source: "data/bookings.csv.gz", time: "arrival" },
  },
  models: {
    cancels: {
      dataset: "bookings",
      target: "is_canceled",
      positive: "1",
      features: { agent: category(), company: category() },
      // A model for each agent x country x market segment, where it proves to be better than what is above it.
      family: family({
        by: ["agent", "country", "market_segment"],
        parents: [["country", "market_segment"], ["market_segment"], []],
      }),
    },
  },
});
