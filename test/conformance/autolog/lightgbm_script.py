import lightgbm
import mlflow
import mlflow.lightgbm
import numpy as np
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

mlflow.set_experiment("autolog: LightGBM")
mlflow.lightgbm.autolog()

x, y = load_wine(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x.astype(np.float32), y, random_state=0)
data = lightgbm.Dataset(x_train, y_train)
check = lightgbm.Dataset(x_test, y_test, reference=data)

with mlflow.start_run() as run:
    settings = {"objective": "multiclass", "num_class": 3, "metric": "multi_logloss", "verbose": -1}
    model = lightgbm.train(settings, data, num_boost_round=15, valid_sets=[check], valid_names=["test"])
    types = [("x", FloatTensorType([None, x.shape[1]]))]
    onnx = convert_lightgbm(model, initial_types=types, zipmap=False)
    logged = mlflow.onnx.log_model(onnx, name="onnx", input_example=x_test[:2])

assert mlflow.onnx.load_model(logged.model_uri).SerializeToString() == onnx.SerializeToString()
answers = mlflow.pyfunc.load_model(logged.model_uri).predict(x_test)
np.testing.assert_allclose(answers["probabilities"], model.predict(x_test), atol=1e-3)
print(run.info.run_id)
