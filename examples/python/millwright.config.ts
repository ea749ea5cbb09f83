import { defineProject } from "millwright";

const python = { requirements: "requirements.txt" };

export default defineProject({
  datasets: { customers: { source: "../mlflow/customers.csv", key: "customer" } },
  models: {
    churn: {
      dataset: "customers",
      target: "leaves",
      positive: "yes",
      train: {
        budget: "20s",
        trainers: ["baseline", "linear", "gbdt"],
        commands: {
          sklearn: { ...python, run: ["python", "train_sklearn.py"], params: { C: 0.5 } },
          xgboost: {
            ...python,
            run: ["python", "train_xgboost.py"],
            params: { max_depth: 3, n_estimators: 120, learning_rate: 0.1 },
          },
        },
      },
    },
  },
});
