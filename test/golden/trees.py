"""Writes trees.json: small data on a grid, and what XGBoost and scikit-learn predict on it.

Columns take few values, so that XGBoost's bins and ours are the same and trees can be compared one to one: on the
training rows. Where a node has no row between two values, or none with a missing one, the two choose differently for new rows.
Run: python test/golden/trees.py   (numpy, xgboost, scikit-learn)
"""

import json
import pathlib

import numpy as np
import sklearn
import xgboost as xgb
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(7)
N, F, TRAIN = 1600, 6, 1000
grid = rng.integers(-20, 21, size=(N, F)).astype(float)
missing = rng.random((N, F)) < np.array([0.15, 0.0, 0.05, 0.0, 0.3, 0.0])
filled = np.where(missing, 0, grid) / 10
# Rows without the fifth column differ from the rest: a direction worth learning.
signal = 1.5 * filled[:, 0] - filled[:, 1] * filled[:, 2] + np.sin(2 * filled[:, 3]) + 0.8 * missing[:, 4]
X = np.where(missing, np.nan, grid / 10).astype("f4")
noise = rng.normal(size=N)
target = {
    "binary": (signal + 0.7 * noise > 0.3).astype(int),
    "multiclass": np.digitize(signal + 0.4 * noise, [-0.8, 0.9]),
    "regression": np.round(100 + 10 * (signal + 0.4 * noise), 3),
}
weights = rng.integers(1, 6, size=N) / 2


def boost(task, weighted, **extra):
    y = target[task][:TRAIN]
    d = xgb.DMatrix(X[:TRAIN], y, weight=weights[:TRAIN] if weighted else None)
    params = dict(tree_method="hist", max_bin=256, max_depth=4, eta=0.3, reg_lambda=1.0, min_child_weight=1.0, nthread=1)
    w = weights[:TRAIN] if weighted else np.ones(TRAIN)
    if task == "multiclass":
        prior = np.array([w[y == k].sum() for k in range(3)]) / w.sum()
        params |= dict(objective="multi:softprob", num_class=3, base_score=0.0)
        d.set_base_margin(np.tile(np.log(prior), (TRAIN, 1)))
    elif task == "binary":
        params |= dict(objective="binary:logistic", base_score=float((y * w).sum() / w.sum()))
    else:
        params |= dict(objective="reg:squarederror", base_score=float((y * w).sum() / w.sum()))
    params |= extra
    m = xgb.train(params, d, 10)
    return np.asarray(m.predict(d), dtype=float)


def short(a, digits=6):
    return [float(f"{v:.{digits}g}") for v in np.asarray(a, dtype=float).ravel()]


cases = []
for task in target:
    for weighted in (False, True):
        cases.append(dict(task=task, weighted=weighted, monotone=None, predicted=short(boost(task, weighted), 8)))
cases.append(
    dict(
        task="regression",
        weighted=False,
        monotone=[1, 0, 0, -1, 0, 0],
        predicted=short(boost("regression", False, monotone_constraints="(1,0,0,-1,0,0)"), 8),
    )
)

Xi = np.where(np.isnan(X), -9, X)
rf = RandomForestClassifier(300, max_depth=10, min_samples_leaf=2, max_features="sqrt", random_state=0)
rf.fit(Xi[:TRAIN], target["binary"][:TRAIN])
p = rf.predict_proba(Xi[TRAIN:])[:, 1]
rr = RandomForestRegressor(300, max_depth=10, min_samples_leaf=2, max_features=1 / 3, random_state=0)
rr.fit(Xi[:TRAIN], target["regression"][:TRAIN])
r = rr.predict(Xi[TRAIN:])
forest = dict(
    auc=float(roc_auc_score(target["binary"][TRAIN:], p)),
    rmse=float(np.sqrt(np.mean((r - target["regression"][TRAIN:]) ** 2))),
    probability=short(p, 4),
)
out = dict(
    made_with=dict(xgboost=xgb.__version__, sklearn=sklearn.__version__, numpy=np.__version__),
    train=TRAIN,
    features=F,
    # In tenths; null is missing.
    x=[None if m else int(v) for v, m in zip(grid.ravel(), missing.ravel())],
    target={k: short(v, 8) if k == "regression" else [int(i) for i in v] for k, v in target.items()},
    weights=short(weights),
    boosting=cases,
    forest=forest,
)
pathlib.Path(__file__).with_name("trees.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
