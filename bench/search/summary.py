"""Makes the tables of RESULTS.md of the lines that run.mjs wrote.  python bench/search/summary.py [--cold] <lines>…

--cold: compares with Optuna begun from blind places, instead of from our portfolio.
"""

import json
import sys
from collections import defaultdict

import numpy as np

cold = "--cold" in sys.argv
OURS, PEER = ("ours, cold", "Optuna, cold") if cold else ("ours, raced", "Optuna from the portfolio")
paths = [path for path in sys.argv[1:] if path != "--cold"]
runs = [json.loads(line) for path in paths for line in open(path)]
found = {(r["set"], r["seed"], r["way"]): r for r in runs}
# Searches that were cut off before their peer ran say nothing.
found = {k: r for k, r in found.items() if all((k[0], k[1], w) in found for w in (OURS, PEER))}
runs = list(found.values())
sets = list(dict.fromkeys(r["set"] for r in runs))
ways = list(dict.fromkeys(r["way"] for r in runs))


def at(run, n):
    return run["curve"][min(n, len(run["curve"])) - 1]


def four(v):
    return f"{v:.4f}" if abs(v) < 10 else f"{v:.2f}"


last = max(len(r["curve"]) for r in runs)
print(f"| set | way | seeds | best after 10 | 20 | {last} | test, best | test, chosen | fits |")
print("|---|---|---|---|---|---|---|---|---|")
for s in sets:
    for way in ways:
        own = [r for (a, _, w), r in found.items() if a == s and w == way]
        if not own:
            continue
        mean = lambda f: four(np.mean([f(r) for r in own]))
        figures = [mean(lambda r, n=n: at(r, n)) for n in (10, 20, last)] + [mean(lambda r: r["test"]), mean(lambda r: r["testChosen"])]
        metric = own[0]["metric"]
        print(f"| {s}, {metric} | {way} | {len(own)} | {' | '.join(figures)} | {np.mean([r['fits'] for r in own]):.0f} |")
print()
print(f"| way against {PEER} | runs | better on folds | equal | worse | better on test | equal | worse | mean gain, folds | mean gain, test |")
print("|---|---|---|---|---|---|---|---|---|---|")
for way in ways:
    if way == PEER:
        continue
    counts, gains = defaultdict(int), defaultdict(list)
    for (s, seed, w), run in found.items():
        peer = found.get((s, seed, PEER))
        if w != way or not peer:
            continue
        sign = 1 if run["better"] == "higher" else -1
        for what, a, b in (("cv", at(run, last), at(peer, last)), ("test", run["test"], peer["test"])):
            gap = sign * (a - b) / abs(b)
            counts[what, "equal" if abs(gap) < 1e-9 else "better" if gap > 0 else "worse"] += 1
            gains[what].append(gap)
    cells = [counts[w, k] for w in ("cv", "test") for k in ("better", "equal", "worse")]
    print(f"| {way} | {len(gains['cv'])} | {' | '.join(map(str, cells))} | {np.mean(gains['cv']):+.3%} | {np.mean(gains['test']):+.3%} |")
