"""One measured fit of a peer in a fresh process: <case> <threads> <folder>. Prints JSON: wall and CPU seconds, AUC.

prepare <hotel_bookings.csv.gz> <folder> writes the bookings, by time, as arrays that both sides read.
"""

import json
import sys
import time

import numpy as np

case, first, folder = sys.argv[1:4]
ROWS, WIDTH = 100_000, 28
HIST = dict(tree_method="hist", max_bin=256, max_depth=6, eta=0.1)


def floats(name):
    return np.fromfile(f"{folder}/{name}.f32", "<f4")


def prepare(source):
    import pandas as pd

    frame = pd.read_csv(source, keep_default_na=False, na_values=["", "NULL", "NA"])
    month = pd.to_datetime(frame.arrival_date_month, format="%B").dt.month
    when = frame.arrival_date_year * 372 + month * 31 + frame.arrival_date_day_of_month
    frame = frame.iloc[np.argsort(when, kind="stable")].reset_index(drop=True)
    target = frame.pop("is_canceled")
    # They know the answer, or are the time.
    frame = frame.drop(columns=["reservation_status", "reservation_status_date", "arrival_date_year"])
    ids = ["agent", "company"]
    categories = [name for name in frame if frame[name].dtype.kind not in "if" or name in ids]
    numbers = [name for name in frame if name not in categories]
    coded, about = [], []
    for name in categories:
        column = frame[name].map(lambda v: v if isinstance(v, str) else str(v), na_action="ignore").astype("category")
        coded.append(column.cat.codes.to_numpy("f4"))
        about.append(dict(name=name, dictionary=list(column.cat.categories)))
    np.concatenate([frame[name].to_numpy("f4") for name in numbers]).tofile(f"{folder}/hotel-numbers.f32")
    np.concatenate(coded).tofile(f"{folder}/hotel-codes.f32")
    target.to_numpy("f4").tofile(f"{folder}/hotel-target.f32")
    rows = len(frame)
    with open(f"{folder}/hotel.json", "w") as out:
        json.dump(dict(rows=rows, train=int(rows * 0.7), numbers=numbers, categories=about), out)


def bookings():
    import pandas as pd

    about = json.load(open(f"{folder}/hotel.json"))
    rows = about["rows"]
    numbers = floats("hotel-numbers").reshape(-1, rows)
    codes = floats("hotel-codes").reshape(-1, rows).astype(int)
    frame = pd.DataFrame({name: numbers[j] for j, name in enumerate(about["numbers"])})
    for j, column in enumerate(about["categories"]):
        frame[column["name"]] = pd.Categorical.from_codes(codes[j], column["dictionary"])
    return frame, floats("hotel-target"), about["train"]


def timed(fit):
    wall, cpu = time.perf_counter(), time.process_time()
    made = fit()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def xgboost(threads):
    import xgboost as xgb

    settings = dict(HIST, nthread=threads, objective="binary:logistic")
    if case == "hotel":
        frame, y, n = bookings()

        def fit():
            d = xgb.DMatrix(frame[:n], y[:n], nthread=threads, enable_categorical=True)
            return xgb.train(settings, d, 200)

        made, wall, cpu = timed(fit)
        held = xgb.DMatrix(frame[n:], nthread=threads, enable_categorical=True)
        return made.predict(held), y[n:], wall, cpu, xgb.__version__
    x = floats("x").reshape(-1, WIDTH)
    y = floats("classes" if case == "multiclass" else "y")
    if case == "small":
        settings["max_depth"] = 3
        starts = [i * 97 % (ROWS - 500) for i in range(1000)]

        def fit():
            return [xgb.train(settings, xgb.DMatrix(x[s : s + 500], y[s : s + 500], nthread=threads), 50) for s in starts]

        models, wall, cpu = timed(fit)
        held = xgb.DMatrix(x[ROWS : ROWS + 500], nthread=threads)
        return [m.predict(held) for m in models], y[ROWS : ROWS + 500], wall, cpu, xgb.__version__
    rounds = 100
    if case == "multiclass":
        settings.update(objective="multi:softprob", num_class=5)
        rounds = 40
    if case == "sampling":
        settings.update(subsample=0.8, colsample_bytree=0.8)
    made, wall, cpu = timed(lambda: xgb.train(settings, xgb.DMatrix(x[:ROWS], y[:ROWS], nthread=threads), rounds))
    return made.predict(xgb.DMatrix(x[ROWS:], nthread=threads)), y[ROWS:], wall, cpu, xgb.__version__


def sklearn(threads):
    import sklearn as package
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neural_network import MLPClassifier

    x = floats("whole" if case == "mlp" else "x").reshape(-1, WIDTH)
    y = floats("y")
    if case == "mlp":
        model = MLPClassifier((64, 32), batch_size=256, max_iter=5, tol=0, n_iter_no_change=1000, alpha=0, random_state=0)
    else:
        model = RandomForestClassifier(20, max_depth=12, n_jobs=threads, random_state=0)
    made, wall, cpu = timed(lambda: model.fit(x[:ROWS], y[:ROWS]))
    return made.predict_proba(x[ROWS:])[:, 1], y[ROWS:], wall, cpu, package.__version__


if case == "prepare":
    prepare(first)
    sys.exit()

import warnings

from sklearn.metrics import roc_auc_score

warnings.filterwarnings("ignore")
fit = sklearn if case in ("forest", "mlp") else xgboost
scores, truth, wall, cpu, version = fit(int(first))
if case == "small":
    auc = np.mean([roc_auc_score(truth, s) for s in scores])
elif case == "multiclass":
    auc = roc_auc_score(truth, scores, multi_class="ovr", average="macro")
else:
    auc = roc_auc_score(truth, scores)
print(json.dumps(dict(wall=wall, cpu=cpu, auc=float(auc), version=version)))
