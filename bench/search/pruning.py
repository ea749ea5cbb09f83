"""Replays finished searches under several rules of leaving early: what is saved, and what is lost. Needs scipy.

  python bench/search/pruning.py <lines of compare.ts>
"""

import json
import sys
from collections import defaultdict

import numpy as np
from scipy.stats import wilcoxon


def rules():
    def signed_rank(alpha):
        def worse(own, best, sign):
            d = np.concatenate([sign * (np.array(b[4], float) - np.array(o[4], float)) for o, b in zip(own, best)])
            d = d[np.isfinite(d) & (d != 0)]
            return len(d) >= 5 and wilcoxon(d, alternative="greater").pvalue < alpha

        return worse

    def one_se(times):
        def worse(own, best, sign):
            mean = np.mean([sign * (b[2] - o[2]) for o, b in zip(own, best)])
            return mean > times * np.sqrt(sum(b[3] ** 2 for b in best)) / len(best)

        return worse

    yield "never", lambda *_: False
    for alpha in (0.01, 0.05, 0.1, 0.2, 0.3):
        yield f"signed rank, {alpha}", signed_rank(alpha)
    for times in (0.25, 0.5, 1.0):
        yield f"{times} standard errors", one_se(times)
    yield "any worse", one_se(0.0)


totals = defaultdict(list)
for line in (text for path in sys.argv[1:] for text in open(path)):
    run = json.loads(line)
    if run["way"] not in ("Optuna from the portfolio", "Optuna, cold", "random"):
        continue
    sign = 1 if run["better"] == "higher" else -1
    trials = defaultdict(list)
    for trial in run["seen"]:
        trials[trial[0]].append(trial)
    mean = {c: np.mean([t[2] for t in own]) for c, own in trials.items()}
    first = list(trials)[:9]
    spread = np.std([sign * m for m in mean.values()])
    for name, worse in rules():
        best, fits = None, 0
        for c, own in trials.items():
            n = 3
            if c not in first and best:
                n = next((n for n in (1, 2) if worse(own[:n], trials[best][:n], sign)), 3)
            fits += n
            if n == 3 and (best is None or sign * (mean[c] - mean[best]) > 0):
                best = c
        ideal = max(mean.values(), key=lambda m: sign * m)
        totals[name].append((fits / (3 * len(trials)), sign * (ideal - mean[best]) / max(spread, 1e-12)))
for name, found in totals.items():
    saved, regret = np.array(found).T
    print(f"| {name} | {1 - saved.mean():.0%} | {regret.mean():.4f} | {np.mean(regret > 0):.0%} | {len(found)} |")
