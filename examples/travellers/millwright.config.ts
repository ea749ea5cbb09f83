import { defineProject } from "millwright";

/** How many people will pass the checkpoints of US airports tomorrow: a world that changed overnight in March 2020. */
export default defineProject({
  name: "travellers",
  datasets: {
    travellers: { source: "data/travellers.csv", time: "date" },
  },
  models: {
    travellers: {
      dataset: "travellers",
      target: "travelers",
      train: { budget: "20s" },
      deploy: { shadow: { minLabels: 7, maxLabels: 56 } },
      retrain: { every: "week" },
      monitor: { window: "week" },
    },
  },
});
