"""Where the servers are, and what the tests share."""

import contextlib
import itertools
import os
import time
import unittest

import mlflow
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

URL = os.environ["TRACKING"]
PID = int(os.environ["TRACKING_PID"])
GUARDED = os.environ["GUARDED"]
TOKEN = os.environ["TOKEN"]
SCRATCH = os.environ["SCRATCH"]
# MLflow's own server instead of ours.
CONTROL = os.environ["CONTROL"] != ""
# With one of the clients only: what takes long.
SLOW = unittest.skipIf(os.environ["SLOW"] == "", "with the newest client only")
PYTORCH = os.environ["PYTORCH"]

# A server's mistake is a failed test, not minutes of trying again.
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
mlflow.set_tracking_uri(URL)
names = itertools.count()


def defect(why, stalls=False):
    """Marks what MLflow's own server does wrong and ours must not."""
    if not CONTROL:
        return lambda test: test
    return unittest.skip(why) if stalls else unittest.expectedFailure


def fresh(kind="thing"):
    """A name that nobody has."""
    return f"{kind} {time.time_ns()} {next(names)}"


def call(method, path, body=None, url=URL, api="api", **options):
    """A call by hand: status and JSON."""
    at = f"{url}/{api}/2.0/mlflow{path}"
    answer = requests.request(method, at, json=body, timeout=120, **options)
    return answer.status_code, answer.json()


class Tracking(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.client = MlflowClient(URL)

    def tearDown(self):
        while mlflow.active_run():
            mlflow.end_run()

    def experiment(self, **options):
        return self.client.create_experiment(fresh("experiment"), **options)

    def run_in(self, experiment, **options):
        return self.client.create_run(experiment, **options).info.run_id

    def new_run(self, **options):
        return self.run_in(self.experiment(), **options)

    @contextlib.contextmanager
    def refused(self, code, words=""):
        """The client is told this error code, in words that match."""
        with self.assertRaisesRegex(MlflowException, words) as caught:
            yield caught
        self.assertEqual(caught.exception.error_code, code, caught.exception)


def pages(get):
    """All that a paged call says, and the sizes of its pages. `get` takes a token."""
    found, sizes, token = [], [], None
    while True:
        page = get(token)
        found.extend(page)
        sizes.append(len(page))
        token = page.token
        if not token:
            return found, sizes
