"""The same jobs with the usual Python tools: pandas/pyarrow, scikit-learn, LightGBM. Called by run.mjs.

  peers.py measure <command…>               runs a command; last line: wall and CPU seconds, memory peak (MB) of it and its children
  peers.py train <task> <csv> <model>       mail: TF-IDF and logistic regression; adult: LightGBM
  peers.py score <task> <csv> <model> <parquet> <cores>
"""
import json
import os
import pickle
import resource
import subprocess
import sys
import time

TEXT = ["subject", "body_head"]
NUMBERS = ["has_html", "n_urls"]


def measure(command):
    started = time.monotonic()
    code = subprocess.run(command, stdout=sys.stderr).returncode
    wall = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"code": code, "wall": wall, "cpu": used.ru_utime + used.ru_stime, "mb": used.ru_maxrss / 1024}))


def read(task, path):
    import pyarrow.csv as csv

    options = csv.ParseOptions(newlines_in_values=True)
    table = csv.read_csv(path, parse_options=options).to_pandas()
    if task == "mail":
        for name in [*TEXT, "sender_domain"]:
            table[name] = table[name].fillna("").astype(str)
        return table
    for name in table.columns:
        if table[name].dtype == object or str(table[name].dtype) in ("str", "string"):
            table[name] = table[name].astype("category")
    return table


def train(task, path, model):
    table = read(task, path)
    if task == "mail":
        from sklearn.compose import ColumnTransformer
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        # The tokens that our model of the same data uses.
        encode = ColumnTransformer([
            ("words", TfidfVectorizer(ngram_range=(1, 2), max_features=10_000), "subject"),
            ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), max_features=10_000), "subject"),
            ("body", TfidfVectorizer(ngram_range=(1, 2), max_features=20_000), "body_head"),
            ("domain", OneHotEncoder(handle_unknown="ignore", min_frequency=5), ["sender_domain"]),
            ("numbers", StandardScaler(), NUMBERS),
        ])
        fitted = Pipeline([("encode", encode), ("model", LogisticRegression(max_iter=500))])
        fitted.fit(table, table["label"] == "spam")
        kept = {"model": fitted}
    else:
        import lightgbm

        inputs = [name for name in table.columns if name not in ("income", "id")]
        fitted = lightgbm.LGBMClassifier(n_estimators=245, num_leaves=8, verbose=-1)
        fitted.fit(table[inputs], table["income"] == ">50K")
        categories = {n: table[n].cat.categories for n in inputs if str(table[n].dtype) == "category"}
        kept = {"model": fitted, "inputs": inputs, "categories": categories}
    with open(model, "wb") as file:
        pickle.dump(kept, file)


def score(task, path, model, out, cores):
    import numpy
    import pyarrow
    import pyarrow.parquet as parquet

    pyarrow.set_cpu_count(cores)
    with open(model, "rb") as file:
        kept = pickle.load(file)
    table = read(task, path)
    if task == "mail":
        from joblib import Parallel, delayed

        cuts = numpy.array_split(numpy.arange(len(table)), cores)
        parts = Parallel(n_jobs=cores)(delayed(kept["model"].predict_proba)(table.iloc[rows]) for rows in cuts)
        p = numpy.concatenate(parts)[:, 1]
    else:
        rows = table[kept["inputs"]].copy()
        for name, known in kept["categories"].items():
            rows[name] = rows[name].astype(object).astype(__import__("pandas").CategoricalDtype(known))
        p = kept["model"].predict_proba(rows, num_threads=cores)[:, 1]
    table["probability"] = p
    table["prediction"] = p >= 0.5
    parquet.write_table(pyarrow.Table.from_pandas(table, preserve_index=False), out, compression="zstd")


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "measure":
        measure(rest)
    elif what == "train":
        train(*rest)
    else:
        os.environ["OMP_NUM_THREADS"] = rest[4]
        score(*rest[:4], int(rest[4]))
