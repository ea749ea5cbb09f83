"""A training as teams have it, with MLflow's own client. Run it while `millwright up` runs in this folder:

    pip install -r requirements.txt
    millwright split --out train.csv
    MLFLOW_TRACKING_URI=http://127.0.0.1:7400 python train.py
"""
import time

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

FEATURES = ["tenure", "monthly", "calls"]

# Not customers.csv: the rows that are left out here judge the model.
customers = pd.read_csv("train.csv")
X, y = customers[FEATURES].astype("float32"), customers["leaves"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)

mlflow.set_experiment("churn")
with mlflow.start_run():
    params = {"n_estimators": 100, "max_depth": 3, "learning_rate": 0.1}
    mlflow.log_params(params)
    model = GradientBoostingClassifier(random_state=0, **params).fit(X_train.to_numpy(), y_train)
    mlflow.log_metric("auc", roc_auc_score(y_test, model.predict_proba(X_test.to_numpy())[:, 1]))
    # These two lines make it servable. The signature names the columns of the matrix.
    onnx = to_onnx(model, X_train[:1].to_numpy())
    logged = mlflow.onnx.log_model(
        onnx, name="model", signature=infer_signature(X_train), registered_model_name="churn"
    )

version = logged.registered_model_version
client = mlflow.MlflowClient()
print(f"registered as version {version}; it is being judged")
while "millwright.status" not in (tags := client.get_model_version("churn", version).tags):
    time.sleep(0.5)
print(tags["millwright.status"])
print(tags["millwright.reason"])
