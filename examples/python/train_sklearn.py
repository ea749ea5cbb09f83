"""A pipeline of scikit-learn as a candidate: imputed, scaled, quadratic terms, logistic regression."""

from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from task import COLUMNS, MODEL, TASK, rows

x, y = rows()
model = make_pipeline(
    SimpleImputer(),
    PolynomialFeatures(2, include_bias=False),
    StandardScaler(),
    LogisticRegression(C=TASK["params"]["C"], max_iter=1000),
)
model.fit(x.to_numpy("float32"), y)
print(f"{len(x)} rows, accuracy {model.score(x.to_numpy('float32'), y):.3f}")

file = to_onnx(
    model,
    initial_types=[("input", FloatTensorType([None, len(COLUMNS)]))],
    options={"zipmap": False},
)
with open(MODEL, "wb") as out:
    out.write(file.SerializeToString())
