"""A server with a token, as MLflow's clients send it: as a bearer, or as the password of any user."""

import os
import pathlib
import tempfile
import unittest
from unittest import mock

import mlflow
import requests
from mlflow import MlflowClient

from tracked import GUARDED, TOKEN, Tracking, fresh


@unittest.skipIf(GUARDED == "", "MLflow's own server keeps users instead")
class Access(Tracking):
    def life(self):
        """Calls, artifacts and spans all carry what the client was given."""
        client = MlflowClient(GUARDED)
        run = client.create_run(client.create_experiment(fresh())).info.run_id
        client.log_metric(run, "m", 1)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "a b.txt"
            file.write_text("x")
            client.log_artifact(run, str(file), "d")
            found = client.download_artifacts(run, "d/a b.txt", folder)
            self.assertEqual(pathlib.Path(found).read_text(), "x")
        self.assertEqual([f.path for f in client.list_artifacts(run, "d")], ["d/a b.txt"])

    def test_bearer(self):
        with mock.patch.dict(os.environ, {"MLFLOW_TRACKING_TOKEN": TOKEN}):
            self.life()

    def test_basic(self):
        for user in ("anna", "token"):
            given = {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": TOKEN}
            with self.subTest(user), mock.patch.dict(os.environ, given):
                self.life()

    def test_spans(self):
        with mock.patch.dict(os.environ, {"MLFLOW_TRACKING_TOKEN": TOKEN}):
            mlflow.set_tracking_uri(GUARDED)
            try:
                place = mlflow.set_experiment(fresh()).experiment_id
                with mlflow.start_span(name="s"):
                    pass
                mlflow.flush_trace_async_logging()
                found = mlflow.search_traces(locations=[place], return_type="list")
                self.assertEqual([len(t.data.spans) for t in found], [1])
            finally:
                from tracked import URL

                mlflow.set_tracking_uri(URL)

    def test_refused(self):
        for given in (
            {},
            {"MLFLOW_TRACKING_TOKEN": "another"},
            {"MLFLOW_TRACKING_USERNAME": "anna", "MLFLOW_TRACKING_PASSWORD": "another"},
            {"MLFLOW_TRACKING_USERNAME": TOKEN, "MLFLOW_TRACKING_PASSWORD": ""},
        ):
            with self.subTest(given), mock.patch.dict(os.environ, given):
                client = MlflowClient(GUARDED)
                with self.refused("UNAUTHENTICATED"):
                    client.search_experiments()
        for path in ("/api/2.0/mlflow-artifacts/artifacts/0/x", "/get-artifact?run_id=0&path=x", "/v1/traces"):
            answer = requests.request("POST" if "v1" in path else "GET", GUARDED + path, timeout=120)
            self.assertEqual(answer.status_code, 401, path)

    def test_open_to_everybody(self):
        for path in ("/health", "/version"):
            self.assertEqual(requests.get(GUARDED + path, timeout=120).status_code, 200)
