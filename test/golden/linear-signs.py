"""Writes linear-signs.json: what SciPy's bounded solvers give where coefficients keep a sign. Run: python test/golden/linear-signs.py"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import lsq_linear, minimize, nnls

rng = np.random.default_rng(7)
rows, width = 80, 6
# Columns that go together: a bound on one moves the others.
x = np.float32(rng.normal(size=(rows, width)) + 1.2 * rng.normal(size=(rows, 1)))
x64 = np.float64(x)
score = x64 @ np.array([1, -0.8, 0.4, -0.2, 0, 0.6]) + rng.normal(size=rows)
binary = (score > 0.3).astype(float)
number = 5 + 2 * score
weights = rng.uniform(0.2, 3, size=rows)
SIGNS = [[0, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1], [-1, -1, 0, 1, 1, -1]]


def bounds(signs):
    return [(0 if s > 0 else -np.inf, 0 if s < 0 else np.inf) for s in signs]


def logistic(signs, C, w):
    def loss(at):
        margin = x64 @ at[:-1] + at[-1]
        p = 1 / (1 + np.exp(-margin))
        value = np.sum(w * (np.logaddexp(0, margin) - binary * margin)) + at[:-1] @ at[:-1] / (2 * C)
        rest = w * (p - binary)
        return value, np.append(x64.T @ rest + at[:-1] / C, rest.sum())

    limits = bounds(signs) + [(None, None)]
    found = minimize(loss, np.zeros(width + 1), jac=True, method="L-BFGS-B", bounds=limits, options={"ftol": 1e-16, "gtol": 1e-10, "maxiter": 10000})
    return {"signs": signs, "C": C, "coef": found.x[:-1].tolist(), "intercept": [found.x[-1]]}


def ridge(signs, alpha, w):
    """Least squares on centred columns with a row of sqrt(alpha) a column below."""
    mean, middle = np.average(x64, axis=0, weights=w), np.average(number, weights=w)
    a = np.vstack([(x64 - mean) * np.sqrt(w)[:, None], np.sqrt(alpha) * np.eye(width)])
    b = np.append((number - middle) * np.sqrt(w), np.zeros(width))
    coef = lsq_linear(a, b, bounds=tuple(np.array(bounds(signs)).T), method="bvls", tol=1e-14).x
    if all(s == 1 for s in signs):
        assert np.allclose(coef, nnls(a, b)[0], atol=1e-10)
    return {"signs": signs, "alpha": alpha, "coef": coef.tolist(), "intercept": [middle - mean @ coef]}


ones = np.ones(rows)
out = {
    "x": x.tolist(),
    "binary": binary.tolist(),
    "number": number.tolist(),
    "weights": weights.tolist(),
    "logistic": [logistic(s, C, ones) for s in SIGNS for C in (0.1, 10)] + [{**logistic(SIGNS[0], 1, weights), "weighted": True}],
    "ridge": [ridge(s, a, ones) for s in SIGNS for a in (0.1, 20)] + [{**ridge(SIGNS[0], 1, weights), "weighted": True}],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(out))
