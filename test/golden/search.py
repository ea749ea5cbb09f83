"""Writes search.json: signed-rank tests, calibrators and class weights of scipy and scikit-learn on small data.

Run: python test/golden/search.py   (numpy, scipy, scikit-learn)
"""

import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy.stats import wilcoxon
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(3)


def signed_rank(n, shift, digits):
    d = np.round(rng.normal(shift, 1, n), digits)
    method = "exact" if n <= 30 and digits > 3 else "approx"
    p = wilcoxon(d, alternative="greater", zero_method="wilcox", correction=method == "approx", method=method).pvalue
    return {"differences": d.tolist(), "p": float(p)}


margins = np.round(rng.normal(0, 2, 400), 4)
y = (rng.uniform(size=400) < 1 / (1 + np.exp(-(0.6 * margins - 0.7)))).astype(int)
sigmoid = _SigmoidCalibration().fit(margins, y)
p = np.round(1 / (1 + np.exp(-margins)), 2)
steps = IsotonicRegression(out_of_bounds="clip").fit(p, y)
at = np.linspace(0, 1, 101)

x = np.float32(rng.normal(size=(150, 4)))
label = (x @ [1, -1, 0.5, 0] + rng.normal(size=150) > 1.2).astype(int)
three = np.digitize(x @ [1, -1, 0.5, 0] + rng.normal(size=150), [-1.5, 1.8])


def logistic(target, class_weight):
    m = LogisticRegression(C=0.7, tol=1e-12, max_iter=100000, solver="newton-cg", class_weight=class_weight)
    m.fit(np.float64(x), target)
    return m.predict_proba(np.float64(x)).tolist()


out = {
    "versions": {"scipy": scipy.__version__, "sklearn": sklearn.__version__},
    "signedRank": [signed_rank(*case) for case in [(8, 0.5, 6), (20, 0.3, 6), (30, 0, 6), (25, 0.3, 1), (60, 0.2, 6)]],
    "sigmoid": {"margins": margins.tolist(), "y": y.tolist(), "slope": -float(sigmoid.a_), "shift": -float(sigmoid.b_)},
    "isotonic": {"p": p.tolist(), "y": y.tolist(), "at": at.tolist(), "value": steps.predict(at).tolist()},
    "classWeights": {
        "x": x.tolist(),
        "binary": {"y": label.tolist(), "balanced": logistic(label, "balanced"), "given": logistic(label, {0: 1, 1: 3.5})},
        "multiclass": {"y": three.tolist(), "balanced": logistic(three, "balanced"), "given": logistic(three, {0: 2, 1: 1, 2: 5})},
    },
}
pathlib.Path(__file__).with_name("search.json").write_text(json.dumps(out))
