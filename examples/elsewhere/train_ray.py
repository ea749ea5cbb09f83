"""A function that trains: Millwright calls it on a machine of the cluster, with the path of the rows and the task."""

import os
import time

import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_predict
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline


def train(rows, task):
    """Gives back the ONNX model, and numbers that Millwright keeps with the round."""
    columns = [column["name"] for column in task["columns"]]
    frame = pd.read_parquet(rows)
    x = frame[columns].to_numpy("float32")
    y = frame[task["target"]].map(task["classes"].index).to_numpy()
    params = task["params"]
    model = make_pipeline(
        SimpleImputer(),
        RandomForestClassifier(
            n_estimators=params["trees"], min_samples_leaf=20, random_state=task["seed"]
        ),
    )
    time.sleep(params.get("rest", 0))
    print("millwright: progress 0.5 cross-validating", flush=True)
    likely = cross_val_predict(model, x, y, cv=3, method="predict_proba")[:, 1]
    model.fit(x, y)
    print(f"{len(x)} rows on {os.uname().nodename}", flush=True)
    onnx = to_onnx(
        model,
        initial_types=[("input", FloatTensorType([None, len(columns)]))],
        options={"zipmap": False},
    )
    return onnx, {"cross_validated_auc": roc_auc_score(y, likely)}
