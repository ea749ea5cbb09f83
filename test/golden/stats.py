"""Expected values for src/stats and src/evaluation/metrics, from scipy, statsmodels and scikit-learn.

Run from the repository root: python test/golden/stats.py   (numpy, scipy, statsmodels, scikit-learn)
"""

import json
import warnings

import numpy as np
import scipy
import sklearn
import sklearn.metrics as m
import statsmodels
from scipy import special, stats
from scipy.spatial.distance import jensenshannon
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

warnings.filterwarnings("ignore")
rng = np.random.default_rng(7)
r = lambda a, d=6: np.round(np.asarray(a, float), d).tolist()

PROBES = {
    "logGamma": ([[x] for x in [0.1, 0.5, 1, 2.5, 10, 123.4, 1e5]], lambda x: special.gammaln(x)),
    "erfc": ([[x] for x in [-3, -0.5, 0, 0.1, 1, 2.5, 10]], special.erfc),
    "gammaLower": ([[0.5, 0.1], [3, 2], [3, 9], [100, 80], [1000, 1040]], special.gammainc),
    "gammaUpper": ([[0.5, 0.1], [3, 2], [3, 30], [100, 180], [1000, 1040]], special.gammaincc),
    "betaIncomplete": (
        [[0.3, 2, 5], [0.9, 0.5, 0.5], [0.01, 1, 100], [0.5, 1000, 1010], [0.999, 5e4, 30]],
        lambda x, a, b: special.betainc(a, b, x),
    ),
    "normalCdf": ([[x] for x in [-8, -2, 0, 1.3, 5]], stats.norm.cdf),
    "normalQuantile": ([[p] for p in [1e-12, 0.001, 0.02, 0.3, 0.5, 0.975, 0.9999]], stats.norm.ppf),
    "chiSquareSf": ([[3.84, 1], [50, 30], [0.1, 4], [200, 100]], stats.chi2.sf),
    "chiSquareQuantile": ([[0.95, 1], [0.5, 10], [0.001, 3], [0.99, 200]], stats.chi2.ppf),
    "studentCdf": ([[-2, 3], [0.5, 10], [4, 200]], stats.t.cdf),
    "studentQuantile": ([[0.975, 1], [0.975, 9], [0.05, 29], [0.999, 1000]], stats.t.ppf),
    "betaQuantile": ([[0.025, 3, 8], [0.975, 200, 1], [0.5, 0.5, 0.5], [0.01, 1e4, 1e5]], stats.beta.ppf),
    "binomialCdf": ([[3, 10, 0.4], [50, 100, 0.5], [0, 20, 0.1]], stats.binom.cdf),
    "binomialSf": ([[-1, 5, 0.4], [3, 10, 0.4], [298, 299, 0.99], [990, 1000, 0.97], [9900, 10000, 0.985]], stats.binom.sf),
    "kolmogorovSf": ([[x] for x in [0.3, 0.6, 1.0, 1.36, 2.5]], special.kolmogorov),
    "wilson": ([[3, 10], [0, 25], [25, 25], [480, 1000]], lambda k, n: proportion_confint(k, n, method="wilson")),
    "clopperPearson": ([[3, 10], [0, 25], [25, 25], [480, 1000], [299, 299], [19950, 20000]], lambda k, n: proportion_confint(k, n, method="beta")),
    "proportionTest": ([[12, 80, 30, 100], [5, 50, 6, 60]], lambda a, n, b, k: proportions_ztest([a, b], [n, k])),
}
functions = {
    name: [[args, np.asarray(f(*args), float).tolist()] for args in cases]
    for name, (cases, f) in PROBES.items()
}

a = np.round(rng.normal(0, 1, 150), 2)
b = np.round(rng.normal(0.3, 1.4, 90), 2)
counts_a = [30, 12, 0, 55, 7]
counts_b = [22, 20, 3, 40, 0]
ks = stats.ks_2samp(a, b, method="asymp")
pa, pb = np.array(counts_a) / sum(counts_a), np.array(counts_b) / sum(counts_b)
fa, fb = np.maximum(pa, 1e-4), np.maximum(pb, 1e-4)
chi = stats.chi2_contingency([counts_a, counts_b], correction=False)
welch = stats.ttest_ind(a, b, equal_var=False)
pvalues = r(rng.uniform(0, 1, 12) ** 3, 5)
two = {
    "a": r(a), "b": r(b), "countsA": counts_a, "countsB": counts_b,
    "ks": ks.statistic,
    "ksP": special.kolmogorov(np.sqrt(150 * 90 / 240) * ks.statistic),
    "wasserstein": stats.wasserstein_distance(a, b),
    "chiSquare": [chi.statistic, chi.dof, chi.pvalue],
    "goodness": list(stats.chisquare([48, 60, 92], [50, 50, 100])),
    "jensenShannon": jensenshannon(pa, pb, base=2),
    "totalVariation": float(np.abs(pa - pb).sum() / 2),
    "psi": float(((fb - fa) * np.log(fb / fa)).sum()),
    "welch": [welch.statistic, welch.df, welch.pvalue],
    "pValues": pvalues,
    "adjusted": multipletests(pvalues, method="fdr_bh")[1].tolist(),
    "ranks": stats.rankdata(a).tolist(),
    "quantiles": np.quantile(a, [0, 0.1, 0.333, 0.5, 0.9, 1]).tolist(),
    "variance": float(np.var(a, ddof=1)),
}

n = 200
y = (rng.uniform(size=n) < 0.3).astype(float)
p = np.round(np.clip(0.25 + 0.3 * y + rng.normal(0, 0.2, n), 0.02, 0.98), 2)
p2 = np.round(np.clip(0.3 + 0.15 * y + rng.normal(0, 0.2, n), 0.02, 0.98), 2)
w = rng.integers(0, 4, n).astype(float)


def delong(y, *scores):
    """Straight from DeLong et al. (1988): structural components, no shortcuts."""
    pos, neg = y == 1, y == 0
    v10, v01 = [], []
    for s in scores:
        psi = (s[pos][:, None] > s[neg][None]) + 0.5 * (s[pos][:, None] == s[neg][None])
        v10.append(psi.mean(1))
        v01.append(psi.mean(0))
    s10, s01 = np.cov(v10), np.cov(v01)
    return np.atleast_2d(s10 / pos.sum() + s01 / neg.sum())


def ece(y, p, w):
    bins = np.minimum(9, np.floor(p * 10))
    return sum(abs((w * p)[bins == k].sum() - (w * y)[bins == k].sum()) for k in range(10)) / w.sum()


def binary(w):
    c = (p >= 0.5).astype(float)
    return {
        "auc": m.roc_auc_score(y, p, sample_weight=w),
        "average_precision": m.average_precision_score(y, p, sample_weight=w),
        "accuracy": m.accuracy_score(y, c, sample_weight=w),
        "f1": m.f1_score(y, c, sample_weight=w),
        "precision": m.precision_score(y, c, sample_weight=w),
        "recall": m.recall_score(y, c, sample_weight=w),
        "log_loss": m.log_loss(y, p, sample_weight=w),
        "brier": m.brier_score_loss(y, p, sample_weight=w),
        "ece": ece(y, p, w),
    }


k = 4
ym = rng.integers(0, k, n)
logits = rng.normal(0, 1, (n, k)) + 1.2 * np.eye(k)[ym]
pm = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
pm = np.round(pm, 4)
pm[:, 0] = np.round(1 - pm[:, 1:].sum(1), 4)


def multiclass(w):
    c = pm.argmax(1)
    return {
        "accuracy": m.accuracy_score(ym, c, sample_weight=w),
        "macro_f1": m.f1_score(ym, c, average="macro", sample_weight=w),
        "log_loss": m.log_loss(ym, pm, sample_weight=w),
        "brier": float(np.average(((pm - np.eye(k)[ym]) ** 2).sum(1), weights=w)),
    }


yr = np.round(rng.gamma(2, 10, n), 2) + 1
pr = np.round(yr + rng.normal(0, 4, n), 2)


def regression(w):
    return {
        "mae": m.mean_absolute_error(yr, pr, sample_weight=w),
        "rmse": m.root_mean_squared_error(yr, pr, sample_weight=w),
        "r2": m.r2_score(yr, pr, sample_weight=w),
        "mape": m.mean_absolute_percentage_error(yr, pr, sample_weight=w),
        "median_absolute_error": float(np.median(np.repeat(abs(yr - pr), w.astype(int)))),
    }


skewed = np.round(rng.lognormal(0, 1, 60), 3)
steps_x = np.round(np.sort(rng.uniform(0, 1, 40)), 4)
steps_y = np.round(steps_x + rng.normal(0, 0.3, 40), 4)
steps_w = rng.integers(1, 5, 40)
boot = lambda how: list(stats.bootstrap((skewed,), np.mean, n_resamples=50_000, method=how, rng=1).confidence_interval)
one = np.ones(n)
cov = delong(y, p, p2)
out = {
    "versions": {"scipy": scipy.__version__, "sklearn": sklearn.__version__, "statsmodels": statsmodels.__version__},
    "functions": functions,
    "twoSamples": two,
    "bootstrap": {"values": r(skewed), "percentile": boot("percentile"), "bca": boot("BCa")},
    "isotonic": {"x": r(steps_x), "y": r(steps_y), "weights": r(steps_w),
                 "fitted": r(IsotonicRegression().fit(steps_x, steps_y, sample_weight=steps_w).predict(steps_x), 9)},
    "weights": r(w),
    "binary": {"target": r(y), "scores": r(p), "other": r(p2), "plain": binary(one), "weighted": binary(w),
               "delongVariance": cov[0, 0], "delongDifferenceVariance": cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]},
    "multiclass": {"target": r(ym), "scores": r(pm.ravel()), "width": k, "plain": multiclass(one), "weighted": multiclass(w)},
    "regression": {"target": r(yr), "scores": r(pr), "plain": regression(one), "weighted": regression(w)},
}
with open("test/golden/stats.json", "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
