import { defineProject } from "millwright";

// The model that train.py registers is called churn, too: so it is judged on these rows, by the gates, before it may answer.
export default defineProject({
  datasets: { customers: { source: "customers.csv", key: "customer" } },
  models: {
    churn: { dataset: "customers", target: "leaves", positive: "yes", train: { budget: "20s" } },
  },
});
