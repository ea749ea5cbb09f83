import { defineProject, ray } from "millwright";

export default defineProject({
  datasets: { customers: { source: "../mlflow/customers.csv", key: "customer" } },
  models: {
    churn: {
      dataset: "customers",
      target: "leaves",
      positive: "yes",
      train: {
        budget: "20s",
        trainers: ["baseline", "linear"],
        commands: {
          forest: {
            run: ray({
              address: "http://127.0.0.1:8265",
              entrypoint: "train_ray.py:train",
              resources: { cpu: 1 },
            }),
            requirements: "requirements.txt",
            params: { trees: 60 },
            timeout: "15m",
          },
        },
      },
    },
  },
});
