"""Trains the peers' models, or times one peer's explanations: train|xgboost|lightgbm <folder>. Prints JSON.

100 trees of depth 6 on 28 columns, every fourth one-tenth missing; 1,000 rows explained, one thread.
"""

import json
import sys
import time

import numpy as np

what, folder = sys.argv[1], sys.argv[2]
F, ROWS = 28, 1000


def flat(roots, child, leaf):
    """Trees as arrays: feature -1 = leaf."""
    at = dict(roots=[], feature=[], threshold=[], missingYes=[], yes=[], no=[], cover=[], value=[])

    def add(node):
        own = len(at["feature"])
        value = leaf(node)
        for key in at:
            if key != "roots":
                at[key].append(-1 if key in ("feature", "yes", "no") else 0)
        if value is not None:
            at["value"][own], at["cover"][own] = value
            return own
        f, t, missing, cover, left, right = child(node)
        at["feature"][own], at["threshold"][own], at["missingYes"][own], at["cover"][own] = f, t, int(missing), cover
        at["yes"][own] = add(left)
        at["no"][own] = add(right)
        return own

    for root in roots:
        at["roots"].append(len(at["feature"]))
        add(root)
    return at


if what == "train":
    import lightgbm as lgb
    import xgboost as xgb

    rng = np.random.default_rng(int(sys.argv[3]))
    n = 20_000
    x = rng.normal(size=(n, F)).astype("f4")
    y = (x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 4] * (x[:, 8] > 0) + rng.normal(size=n) > 0.3).astype(int)
    for f in range(0, F, 4):
        x[rng.random(n) < 0.1, f] = np.nan
    x[:ROWS].tofile(f"{folder}/x.f32")
    m = xgb.train(dict(objective="binary:logistic", max_depth=6, eta=0.1, nthread=1), xgb.DMatrix(x, y), 100)
    m.save_model(f"{folder}/xgboost.json")
    trees = json.loads(m.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    roots = [(t, 0) for t in trees]

    def xgb_leaf(node):
        t, i = node
        return (t["split_conditions"][i], t["sum_hessian"][i]) if t["left_children"][i] < 0 else None

    def xgb_child(node):
        t, i = node
        return (t["split_indices"][i], t["split_conditions"][i], t["default_left"][i], t["sum_hessian"][i],
                (t, t["left_children"][i]), (t, t["right_children"][i]))

    json.dump(flat(roots, xgb_child, xgb_leaf) | dict(mode=1), open(f"{folder}/xgboost.trees.json", "w"))
    m = lgb.train(dict(objective="binary", max_depth=6, num_leaves=64, learning_rate=0.1, num_threads=1, verbose=-1), lgb.Dataset(x, y), 100)
    m.save_model(f"{folder}/lightgbm.txt")
    roots = [t["tree_structure"] for t in m.dump_model()["tree_info"]]

    def lgb_leaf(node):
        return (node["leaf_value"], node.get("leaf_count", 1)) if "leaf_value" in node else None

    def lgb_child(node):
        missing = node["default_left"] if node["missing_type"] == "NaN" else 0 <= node["threshold"]
        return (node["split_feature"], node["threshold"], missing, node["internal_count"], node["left_child"], node["right_child"])

    json.dump(flat(roots, lgb_child, lgb_leaf) | dict(mode=0), open(f"{folder}/lightgbm.trees.json", "w"))
    print(json.dumps({}))
else:
    x = np.fromfile(f"{folder}/x.f32", "<f4").reshape(-1, F)
    if what == "xgboost":
        import xgboost as peer

        m = peer.Booster(dict(nthread=1), model_file=f"{folder}/xgboost.json")
        explain = lambda: m.predict(peer.DMatrix(x, nthread=1), pred_contribs=True)
    else:
        import lightgbm as peer

        m = peer.Booster(model_file=f"{folder}/lightgbm.txt")
        explain = lambda: m.predict(x, pred_contrib=True, num_threads=1)
    explain()
    wall, cpu = time.perf_counter(), time.process_time()
    c = explain()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    c.astype("<f8").tofile(f"{folder}/{what}.f64")
    print(json.dumps(dict(wall=wall, cpu=cpu, version=peer.__version__)))
