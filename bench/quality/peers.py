"""The peers of run.mjs on the same files. Reads one JSON object on standard input, writes one line of JSON per split.

LightGBM: 200 trees of 31 leaves, learning rate 0.05, categories as they are. TF-IDF: words and pairs of words, categories one-hot,
logistic regression (C = 10: of 1, 10 and 100, rare tokens kept or not, the best on the mail sets). Needs lightgbm, scikit-learn, pandas.
"""

import json
import sys
import time
import warnings

import lightgbm
import numpy as np
import pandas as pd
import sklearn
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
)
from sklearn.preprocessing import OneHotEncoder

warnings.filterwarnings("ignore")
job = json.load(sys.stdin)
target, task, classes, peer = job["target"], job["task"], job["classes"], job["peer"]
MISSING = ["", " ", "?", "NULL", "NA"]


def read(path):
    return pd.read_csv(path, na_values=MISSING, keep_default_na=False, low_memory=False, dtype={target: str})


def labels(frame):
    if task == "regression":
        return frame[target].astype(float).to_numpy()
    return frame[target].map({name: i for i, name in enumerate(classes)}).to_numpy()


def boosted(train, test):
    columns = [c for c in train.columns if c != target and c not in peer["without"]]
    a, b = train[columns].copy(), test[columns].copy()
    for c in columns:
        if a[c].dtype == object or str(a[c].dtype).startswith("str"):
            values = a[c].astype("category").cat.categories
            a[c] = pd.Categorical(a[c], categories=values)
            b[c] = pd.Categorical(b[c], categories=values)
    settings = dict(n_estimators=200, num_leaves=31, learning_rate=0.05, random_state=0, n_jobs=job["threads"], verbose=-1)
    if task == "regression":
        return lightgbm.LGBMRegressor(**settings).fit(a, labels(train)).predict(b)
    return lightgbm.LGBMClassifier(**settings).fit(a, labels(train)).predict_proba(b)


def textual(train, test):
    words = [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(train[c].fillna("").astype(str))
        for c in peer["texts"]
    ]
    hot = OneHotEncoder(handle_unknown="ignore")
    if peer["categories"]:
        hot.fit(train[peer["categories"]].fillna("").astype(str))

    def encode(frame):
        blocks = [w.transform(frame[c].fillna("").astype(str)) for w, c in zip(words, peer["texts"])]
        if peer["categories"]:
            blocks.append(hot.transform(frame[peer["categories"]].fillna("").astype(str)))
        return hstack(blocks).tocsr()

    model = LogisticRegression(C=10, max_iter=2000).fit(encode(train), labels(train))
    return model.predict_proba(encode(test))


def measure(y, p):
    if task == "regression":
        return {"mae": mean_absolute_error(y, p), "r2": r2_score(y, p)}
    guess = p.argmax(axis=1)
    found = {"accuracy": accuracy_score(y, guess), "macro_f1": f1_score(y, guess, average="macro")}
    if task == "binary":
        found |= {"auc": roc_auc_score(y, p[:, 1]), "average_precision": average_precision_score(y, p[:, 1]), "f1": f1_score(y, guess)}
    return found


for part in job["parts"]:
    train, test = read(part["train"]), read(part["test"])
    started = time.time()
    p = (boosted if peer["kind"] == "lightgbm" else textual)(train, test)
    seconds = time.time() - started
    version = f"LightGBM {lightgbm.__version__}" if peer["kind"] == "lightgbm" else f"scikit-learn {sklearn.__version__}"
    print(json.dumps({"values": measure(labels(test), np.asarray(p)), "seconds": seconds, "version": version}), flush=True)
