"""Optuna's TPE behind lines of JSON. Needs optuna. Started by compare.ts.

First line: {"seed": …, "arms": [{"trainer": …, "dimensions": {…}}], "start": [{"trainer": …, "values": {…}}]}.
Then {"op": "ask"} is answered with {"trainer": …, "values": {…}}, and {"op": "tell", "loss": …} with {}.
"""

import json
import sys

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
about = json.loads(sys.stdin.readline())
arms = {arm["trainer"]: arm["dimensions"] for arm in about["arms"]}
sampler = optuna.samplers.TPESampler(seed=about["seed"], **about.get("options", {}))
study = optuna.create_study(direction="minimize", sampler=sampler)
for start in about["start"]:
    named = {f"{start['trainer']}.{k}": v for k, v in start["values"].items()}
    study.enqueue_trial({"trainer": start["trainer"], **named})


def suggest(trial, name, dimension):
    if dimension["kind"] == "choice":
        return trial.suggest_categorical(name, list(range(len(dimension["values"]))))
    log = dimension.get("log", False)
    if dimension["kind"] == "whole":
        return trial.suggest_int(name, dimension["low"], dimension["high"], log=log)
    return trial.suggest_float(name, dimension["low"], dimension["high"], log=log)


trial = None
print(json.dumps({"version": optuna.__version__}), flush=True)
for line in sys.stdin:
    said = json.loads(line)
    if said["op"] == "ask":
        trial = study.ask()
        trainer = trial.suggest_categorical("trainer", list(arms))
        values = {k: suggest(trial, f"{trainer}.{k}", d) for k, d in arms[trainer].items()}
        print(json.dumps({"trainer": trainer, "values": values}), flush=True)
    else:
        study.tell(trial, said["loss"])
        print("{}", flush=True)
