"""The scripts of ../autolog, as somebody wrote them: they only hear where the server is."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tracked import PYTORCH, SLOW, URL, Tracking

SCRIPTS = pathlib.Path(__file__).parent.parent / "autolog"


@SLOW
class Autolog(Tracking):
    def runs(self, name, program=sys.executable):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [program, "-W", "ignore", SCRIPTS / f"{name}_script.py"],
                env={**os.environ, "MLFLOW_TRACKING_URI": URL},
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=900,
            )
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        run = self.client.get_run(done.stdout.strip().splitlines()[-1])
        self.assertEqual(run.info.status, "FINISHED")
        models = self.client.search_logged_models(
            [run.info.experiment_id], f"source_run_id = '{run.info.run_id}'"
        )
        self.assertEqual({str(m.status) for m in models}, {"READY"})
        self.assertIn("onnx", {m.name for m in models})
        return run

    def test_scikit_learn(self):
        run = self.runs("sklearn")
        self.assertEqual(run.data.params["logisticregression__C"], "0.5")
        self.assertGreater(run.data.metrics["training_accuracy_score"], 0.9)
        self.assertEqual({i.dataset.source_type for i in run.inputs.dataset_inputs}, {"code"})
        self.assertIn("estimator.html", {f.path for f in self.client.list_artifacts(run.info.run_id)})
        found = self.client.search_runs([run.info.experiment_id], "tags.mlflow.parentRunId != ''")
        self.assertGreaterEqual(len(found), 2)

    def test_xgboost(self):
        run = self.runs("xgboost")
        self.assertEqual(run.data.params["max_depth"], "3")
        self.assertEqual(len(self.client.get_metric_history(run.info.run_id, "validation_0-rmse")), 20)
        self.assertTrue(self.client.list_artifacts(run.info.run_id))

    def test_lightgbm(self):
        run = self.runs("lightgbm")
        self.assertEqual(run.data.params["num_class"], "3")
        self.assertEqual(len(self.client.get_metric_history(run.info.run_id, "test-multi_logloss")), 15)

    @unittest.skipIf(PYTORCH == "", "its packages are several GB; asked for by --pytorch")
    def test_pytorch(self):
        run = self.runs("pytorch", PYTORCH)
        self.assertEqual(run.data.params["epochs"], "5")
        self.assertEqual(len(self.client.get_metric_history(run.info.run_id, "train_loss")), 5)


