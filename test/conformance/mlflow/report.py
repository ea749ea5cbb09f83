"""Turns a junit file of MLflow's tests into our table. Arguments: the file, seconds it took; --control, --part."""

import collections
import datetime
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

from mlflow.version import VERSION

here = pathlib.Path(__file__).parent
CONTROL = here / "control.json"
RESULTS = here / "RESULTS.md"
PURPOSE = "on purpose: "


def outcome(case):
    """passed, failed or skipped, and why: a test that MLflow itself expects to fail counts as skipped."""
    for tag in ("failure", "error"):
        if (found := case.find(tag)) is not None:
            lines = (found.get("message") or "").strip().splitlines()
            return "failed", lines[0][:160] if lines else tag
    if (found := case.find("skipped")) is not None:
        return "skipped", (found.get("message") or "").strip() or "expected to fail by MLflow"
    return "passed", ""


def read(path):
    cases = {}
    for case in xml.parse(path).iter("testcase"):
        module = case.get("classname").removeprefix("tests.").replace(".", "/")
        name = re.sub(r"\[sqlalchemy\]|sqlalchemy-|-sqlalchemy", "", case.get("name"))
        key = f"{module}.py::{name}"
        # A failure while tearing down comes as a second case of the same name.
        if cases.get(key, ("passed",))[0] == "passed":
            cases[key] = outcome(case)
    return cases


def counts(cases):
    return collections.Counter(state for state, _ in cases.values())


def by_file(cases):
    files = collections.defaultdict(dict)
    for key, value in cases.items():
        files[key.split("::")[0]][key] = value
    return files


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(str(c)) for c in line) + " |" for line in lines)


def numbers(cases):
    n = counts(cases)
    return [n["passed"], n["failed"], n["skipped"]]


def report(ours, control, seconds):
    files = by_file(control["cases"])
    mine = by_file(ours)
    rows = [
        [f"`{name}`", len(mine[name]), *numbers(mine[name]), *numbers(files.get(name, {}))]
        for name in mine
    ]
    rows.append(["all", len(ours), *numbers(ours), *numbers(control["cases"])])
    parts = [
        "# MLflow's own tests",
        f"The HTTP tests of MLflow {VERSION}, unmodified, against our tracking API and, as the control, against MLflow's own "
        "server, both through the same plugin (`mlflow_plugin.py`): a fresh server for each test. Made by "
        "`npm run conformance:mlflow`; the control by the same with `--control`. Nothing of their tests is kept here.",
        f"Ours: {datetime.date.today()}, {seconds} s. Control: {control['date']}, {control['seconds']} s.",
        table(
            ["file", "cases", "passed", "failed", "skipped", "control passed", "failed", "skipped"],
            rows,
        ),
    ]
    worse = [(key, why) for key, (state, why) in ours.items() if state == "failed"]
    if worse:
        parts += [
            "## Failed",
            table(
                ["test", "the control", "first line of the failure"],
                [[f"`{k}`", control["cases"].get(k, ["–"])[0], f"`{why}`"] for k, why in worse],
            ),
        ]
    better = [
        (key, why)
        for key, (state, why) in control["cases"].items()
        if state == "failed" and ours.get(key, ("",))[0] == "passed"
    ]
    if better:
        parts += [
            "## Passed here, failed by the control",
            table(["test", "the control's failure"], [[f"`{k}`", f"`{why}`"] for k, why in better]),
        ]
    purpose = [(k, why) for k, (_, why) in ours.items() if why.startswith(PURPOSE)]
    if purpose:
        parts += [
            "## Failed on purpose",
            "The control passes these; ours runs them and fails at the one point named. Counted as skipped.",
            table(["test", "why"], [[f"`{k}`", why.removeprefix(PURPOSE)] for k, why in purpose]),
        ]
    skipped = collections.defaultdict(list)
    for key, (state, why) in ours.items():
        if state == "skipped" and not why.startswith(PURPOSE):
            skipped[why].append(f"`{key.split('::')[1]}`")
    if skipped:
        parts += [
            "## Skipped",
            table(["why", "tests"], [[why, ", ".join(names)] for why, names in skipped.items()]),
        ]
    return "\n\n".join(parts) + "\n"


path, seconds, *mode = sys.argv[1:]
cases = read(path)
passed, failed, skipped = numbers(cases)
regressions = failed
if "--part" not in mode:
    if "--control" in mode:
        kept = {"date": str(datetime.date.today()), "seconds": int(seconds), "cases": cases}
        CONTROL.write_text(json.dumps(kept, indent=1) + "\n")
        regressions = 0
    else:
        control = json.loads(CONTROL.read_text())
        RESULTS.write_text(report(cases, control, seconds))
        regressions = sum(
            state == "failed" and control["cases"].get(key, ["passed"])[0] == "passed"
            for key, (state, _) in cases.items()
        )
        print(f"{regressions} failed that the control passes")
print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
sys.exit(0 if cases and regressions == 0 else 1)
