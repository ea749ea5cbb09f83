"""The same with scikit-learn, XGBoost and joblib: python peer.py <tenants.parquet> <how many tenants> <folder>

Each tenant by itself on one of two processes: the last fifth in time is the test; with 200 training rows and 30 of each class, four
models (linear, network, forest, XGBoost) are compared by log loss on three folds, the best is fitted on all training rows, judged on
the test rows and written with joblib. Tenants with fewer rows are skipped, as ours are. The features are encoded as usual: numbers
scaled, categories one-hot. Prints JSON.
"""
import json
import sys
import time
import warnings

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

warnings.filterwarnings("ignore")
NUMBERS = ["lead_time", "stays_in_week_nights", "adults", "previous_cancellations", "adr", "total_of_special_requests"]
CATEGORIES = ["hotel", "meal", "distribution_channel", "deposit_type", "customer_type", "country", "market_segment"]


def candidates():
    encode = lambda: ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(handle_unknown="ignore"), CATEGORIES)])
    return {
        "linear": lambda: make_pipeline(encode(), LogisticRegression(max_iter=500)),
        "mlp": lambda: make_pipeline(encode(), MLPClassifier((64, 32), early_stopping=True, max_iter=100, random_state=1)),
        "forest": lambda: make_pipeline(encode(), RandomForestClassifier(100, min_samples_leaf=5, max_depth=6, random_state=1, n_jobs=1)),
        "xgboost": lambda: make_pipeline(encode(), XGBClassifier(n_estimators=100, max_depth=4, learning_rate=0.1, tree_method="hist", n_jobs=1)),
    }


def tenant(name, rows, border, folder):
    x, y = rows[NUMBERS + CATEGORIES], (rows.canceled == "yes").to_numpy().astype(int)
    train = (rows["at"] < border).to_numpy()
    xt, yt = x[train], y[train]
    if train.sum() < 200 or min(yt.sum(), (1 - yt).sum()) < 30:
        return None
    found = {}
    for kind, make in candidates().items():
        losses = []
        for a, b in StratifiedKFold(3, shuffle=True, random_state=1).split(xt, yt):
            model = make().fit(xt.iloc[a], yt[a])
            losses.append(log_loss(yt[b], model.predict_proba(xt.iloc[b]), labels=[0, 1]))
        found[kind] = float(np.mean(losses))
    best = min(found, key=found.get)
    model = candidates()[best]().fit(xt, yt)
    joblib.dump(model, f"{folder}/{name}.joblib")
    if train.all():
        return best, None, 0
    p = model.predict_proba(x[~train])
    return best, float(log_loss(y[~train], np.clip(p, 1e-4, 1 - 1e-4), labels=[0, 1])), int((~train).sum())


frame = pd.read_parquet(sys.argv[1])
border = frame["at"].quantile(0.8)
names = sorted(frame.tenant.unique())
step = max(1, len(names) // int(sys.argv[2]))
chosen = names[::step][: int(sys.argv[2])]
groups = {name: rows for name, rows in frame[frame.tenant.isin(chosen)].groupby("tenant")}
started = time.time()
with joblib.Parallel(n_jobs=2, batch_size=4) as run:
    results = run(joblib.delayed(tenant)(name, groups[name], border, sys.argv[3]) for name in chosen)
seconds = time.time() - started
done = [r for r in results if r]
tested = [r for r in done if r[1] is not None]
print(json.dumps({
    "tenants": len(chosen), "trained": len(done), "seconds": seconds,
    "loss": sum(r[1] * r[2] for r in tested) / max(1, sum(r[2] for r in tested)),
    "best": {kind: sum(r[0] == kind for r in done) for kind in candidates()},
    "tested": [name for name, r in zip(chosen, results) if r and r[1] is not None],
}))
