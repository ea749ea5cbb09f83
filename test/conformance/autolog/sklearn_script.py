import mlflow
import mlflow.sklearn
import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_experiment("autolog: scikit-learn")
mlflow.sklearn.autolog()

x, y = load_breast_cancer(return_X_y=True, as_frame=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)

with mlflow.start_run(run_name="pipeline") as run:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=200))
    model.fit(x_train, y_train)
    model.score(x_test, y_test)
    onnx = to_onnx(model, x_test.to_numpy(np.float32)[:1], options={"zipmap": False})
    logged = mlflow.onnx.log_model(onnx, name="onnx", input_example=x_test.to_numpy(np.float32)[:2])

with mlflow.start_run(run_name="search"):
    GridSearchCV(LogisticRegression(max_iter=3000), {"C": [0.1, 1]}, cv=3).fit(x_train, y_train)

again = mlflow.onnx.load_model(logged.model_uri)
assert again.SerializeToString() == onnx.SerializeToString()
labels = mlflow.pyfunc.load_model(logged.model_uri).predict(x_test.to_numpy(np.float32))["label"]
assert (np.ravel(labels) == model.predict(x_test)).mean() > 0.99
print(run.info.run_id)
