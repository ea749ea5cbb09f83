"""P(an arm is the best) under independent Betas, by scipy's adaptive quadrature.

Run from the repository root: python test/golden/bandit.py   (numpy, scipy)
"""

import json

import numpy as np
import scipy
from scipy import integrate, stats

CASES = [
    [[0, 0], [0, 0]],
    [[3, 7], [5, 5]],
    [[50, 50], [60, 40], [55, 45]],
    [[900, 100], [9, 1]],
    [[9000, 1000], [9100, 900], [8, 2], [0, 0]],
    [[1, 999], [3, 997]],
    [[200000, 50000], [200300, 49700]],
    [[0, 30], [30, 0]],
]


def best(arms):
    betas = [stats.beta(1 + w, 1 + l) for w, l in arms]
    points = sorted({float(b.ppf(p)) for b in betas for p in (1e-6, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 1e-6)})
    edges = [0.0, *points, 1.0]
    shares = []
    for k, own in enumerate(betas):
        f = lambda x: own.pdf(x) * np.prod([b.cdf(x) for j, b in enumerate(betas) if j != k])
        shares.append(sum(integrate.quad(f, a, b, epsabs=1e-10, limit=200)[0] for a, b in zip(edges, edges[1:])))
    return shares


with open("test/golden/bandit.json", "w") as file:
    json.dump({"scipy": scipy.__version__, "cases": [{"arms": c, "best": np.round(best(c), 8).tolist()} for c in CASES]}, file)
    file.write("\n")
