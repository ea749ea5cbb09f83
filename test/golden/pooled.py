"""Writes pooled.json: linear models drawn to another one, minimised by scipy. Run: python test/golden/pooled.py"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

rng = np.random.default_rng(3)
rows, width = 60, 4
x = np.float32(rng.normal(size=(rows, width)))
prior = np.array([1.0, -0.5, 0.0, 2.0, 0.3])
own = prior + np.array([0.8, 0, -0.6, 0.2, -1])
margin = np.float64(x) @ own[:-1] + own[-1]
binary = (rng.random(rows) < 1 / (1 + np.exp(-margin))).astype(int)
number = margin + rng.normal(size=rows) * 0.5
design = np.c_[np.float64(x), np.ones(rows)]


def logistic(strength):
    def objective(w):
        m = design @ w
        return np.logaddexp(0, m).sum() - (binary * m).sum() + strength * ((w - prior) ** 2).sum() / 2

    def gradient(w):
        return design.T @ (1 / (1 + np.exp(-design @ w)) - binary) + strength * (w - prior)

    return minimize(objective, prior, jac=gradient, method="BFGS", options={"gtol": 1e-12}).x.tolist()


def ridge(strength):
    # Of what the prior leaves over, with an intercept that is free.
    rest = number - design @ prior
    centred = np.float64(x) - np.float64(x).mean(0)
    moved = np.linalg.solve(centred.T @ centred + strength * np.eye(width), centred.T @ (rest - rest.mean()))
    intercept = rest.mean() - np.float64(x).mean(0) @ moved
    return (prior + np.r_[moved, intercept]).tolist()


out = {
    "x": x.tolist(),
    "prior": prior.tolist(),
    "binary": {"y": binary.tolist(), "fits": [{"strength": s, "coefficients": logistic(s)} for s in (0.1, 3, 30, 1e6)]},
    "regression": {"y": number.tolist(), "fits": [{"strength": s, "coefficients": ridge(s)} for s in (0.1, 3, 30)]},
}
Path(__file__).with_suffix(".json").write_text(json.dumps(out))
