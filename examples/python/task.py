"""What Millwright hands to a program that trains: rows, task, and where the model goes."""

import json
import os

import pandas as pd

TASK = json.load(open(os.environ["MILLWRIGHT_TASK"]))
COLUMNS = [column["name"] for column in TASK["columns"]]
MODEL = os.environ["MILLWRIGHT_MODEL"]


def rows():
    """Features, and the target as 0 and 1 in the order of TASK["classes"]."""
    frame = pd.read_parquet(os.environ["MILLWRIGHT_ROWS"])
    return frame[COLUMNS], frame[TASK["target"]].map(TASK["classes"].index)
