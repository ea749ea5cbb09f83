"""Makes logged_churn.onnx and logged_churn_poor.onnx: a model of customers who leave, as a team would log it from scikit-learn,
and one that was fitted on shuffled answers. Customers are drawn as in test/scenarios/adopted-models.test.ts. From the root:

    python test/data/onnx/logged_churn.py    # numpy, scikit-learn, skl2onnx
"""
import json

import numpy as np
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDER = "test/data/onnx/"
rng = np.random.default_rng(7)
tenure = rng.uniform(0, 60, 4000)
monthly = rng.uniform(10, 110, 4000)
calls = rng.integers(0, 8, 4000)
score = 1.0 - 0.09 * tenure + 0.03 * monthly + 0.45 * calls - 1.5
leaves = np.where(rng.uniform(size=4000) < 1 / (1 + np.exp(-score)), "yes", "no")
X = np.column_stack([tenure, monthly, calls]).astype("float32")


def save(name, y):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    onx = to_onnx(model, X[:1], target_opset=17)
    with open(FOLDER + name, "wb") as file:
        file.write(onx.SerializeToString())
    return model


good = save("logged_churn.onnx", leaves)
save("logged_churn_poor.onnx", rng.permutation(leaves))
rows = X[:5]
print(json.dumps({"rows": rows.tolist(), "yes": good.predict_proba(rows)[:, 1].tolist()}))
