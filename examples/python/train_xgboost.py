"""XGBoost as a candidate. What it logs to MLflow arrives in the experiment of its model when `millwright up` runs."""

import mlflow
import xgboost
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from task import COLUMNS, MODEL, TASK, rows

x, y = rows()
with mlflow.start_run(run_name="xgboost"):
    mlflow.log_params(TASK["params"])
    model = xgboost.XGBClassifier(**TASK["params"], random_state=TASK["seed"], n_jobs=1)
    model.fit(x.to_numpy("float32"), y)
    mlflow.log_metric("train_accuracy", model.score(x.to_numpy("float32"), y))

file = convert_xgboost(
    model, initial_types=[("input", FloatTensorType([None, len(COLUMNS)]))], target_opset=15
)
with open(MODEL, "wb") as out:
    out.write(file.SerializeToString())
