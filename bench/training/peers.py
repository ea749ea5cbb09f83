"""One measured fit of a peer in a fresh process: xgboost|forest <threads> <folder>. Prints JSON: wall and CPU seconds, AUC."""

import json
import sys
import time

import numpy as np
from sklearn.metrics import roc_auc_score

algorithm, threads, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
x = np.fromfile(f"{folder}/x.f32", "<f4").reshape(-1, 28)
y = np.fromfile(f"{folder}/y.f32", "<f4")
n = 100_000
if algorithm == "xgboost":
    import xgboost as xgb

    started, cpu = time.perf_counter(), time.process_time()
    d = xgb.DMatrix(x[:n], y[:n], nthread=threads)
    params = dict(objective="binary:logistic", tree_method="hist", max_bin=256, max_depth=6, eta=0.1, nthread=threads)
    m = xgb.train(params, d, 100)
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    p = m.predict(xgb.DMatrix(x[n:], nthread=threads))
    version = xgb.__version__
else:
    import sklearn
    from sklearn.ensemble import RandomForestClassifier

    started, cpu = time.perf_counter(), time.process_time()
    m = RandomForestClassifier(20, max_depth=12, n_jobs=threads, random_state=0).fit(x[:n], y[:n])
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    p = m.predict_proba(x[n:])[:, 1]
    version = sklearn.__version__
print(json.dumps(dict(wall=wall, cpu=cpu, auc=float(roc_auc_score(y[n:], p)), version=version)))
