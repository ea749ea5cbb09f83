"""Writes linear.json: what scikit-learn's linear models and TfidfVectorizer give on small data. Run: python test/golden/linear.py"""

import json
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

rng = np.random.default_rng(0)
rows, width = 120, 5
x = np.float32(rng.normal(size=(rows, width)) * [1, 2, 0.5, 1, 3])
score = x @ np.array([1, -0.5, 2, 0, 0.2]) + rng.normal(size=rows)
binary = (score > 0.4).astype(int)
multi = np.digitize(score, [-1, 1])
number = 5 + 2 * score


def logistic(y, C, weights=None, class_weight=None):
    m = LogisticRegression(C=C, tol=1e-12, max_iter=100000, solver="newton-cg", class_weight=class_weight)
    m.fit(np.float64(x), y, sample_weight=weights)
    p = m.predict_proba(np.float64(x))
    return {"C": C, "coef": m.coef_.tolist(), "intercept": m.intercept_.tolist(), "probability": p.tolist()}


def ridge(alpha):
    m = Ridge(alpha=alpha, solver="svd").fit(np.float64(x), number)
    return {"alpha": alpha, "coef": m.coef_.tolist(), "intercept": float(m.intercept_), "value": m.predict(np.float64(x)).tolist()}


weights = rng.uniform(0.2, 3, size=rows)
texts = [
    "free entry in a weekly competition",
    "are you free for the meeting in the morning",
    "the weekly meeting is in the morning",
    "win a free prize in the weekly prize draw prize",
    "morning meeting",
    "",
]


def tfidf(**kinds):
    v = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True, smooth_idf=True, norm="l2", min_df=2, **kinds)
    m = v.fit_transform(texts)
    names = v.get_feature_names_out()
    return [{names[j]: float(m[i, j]) for j in m[i].nonzero()[1]} for i in range(len(texts))]


out = {
    "x": x.tolist(),
    "binary": {"y": binary.tolist(), "fits": [logistic(binary, C) for C in (0.1, 1, 100)]},
    "balanced": logistic(binary, 1, class_weight="balanced"),
    "weighted": {"weights": weights.tolist(), **logistic(binary, 1, weights=weights)},
    "multinomial": {"y": multi.tolist(), "fits": [logistic(multi, C) for C in (0.1, 1, 100)]},
    "ridge": {"y": number.tolist(), "fits": [ridge(a) for a in (0.01, 1, 50)]},
    "tfidf": {
        "texts": texts,
        "words": tfidf(ngram_range=(1, 2)),
        "characters": tfidf(analyzer="char_wb", ngram_range=(3, 5)),
    },
}
Path(__file__).with_suffix(".json").write_text(json.dumps(out))
