import mlflow
import mlflow.xgboost
import numpy as np
import xgboost
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

mlflow.set_experiment("autolog: XGBoost")
mlflow.xgboost.autolog()

x, y = load_diabetes(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x.astype(np.float32), y, random_state=0)

with mlflow.start_run() as run:
    model = xgboost.XGBRegressor(n_estimators=20, max_depth=3)
    model.fit(x_train, y_train, eval_set=[(x_test, y_test)], verbose=False)
    onnx = convert_xgboost(model, initial_types=[("x", FloatTensorType([None, x.shape[1]]))])
    logged = mlflow.onnx.log_model(onnx, name="onnx", input_example=x_test[:2])

assert mlflow.onnx.load_model(logged.model_uri).SerializeToString() == onnx.SerializeToString()
answers = mlflow.pyfunc.load_model(logged.model_uri).predict(x_test)
np.testing.assert_allclose(np.ravel(answers["variable"]), model.predict(x_test), rtol=1e-4)
print(run.info.run_id)
