"""Logged models, and a real one: an ONNX model from fit to prediction, through registry and aliases."""

import time

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import Metric
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tracked import Tracking, call, defect, fresh, pages


class Life(Tracking):
    def test_create_get_finish(self):
        experiment = self.experiment()
        run = self.run_in(experiment)
        many = {f"p{i}": str(i) for i in range(250)}
        model = self.client.create_logged_model(
            experiment, name="größe", source_run_id=run, tags={"t": "1"}, params=many, model_type="agent"
        )
        self.assertRegex(model.model_id, "^m-[0-9a-f]{32}$")
        self.assertEqual(model.artifact_location, f"mlflow-artifacts:/{experiment}/models/{model.model_id}/artifacts")
        found = self.client.get_logged_model(model.model_id)
        self.assertEqual((found.name, found.source_run_id, found.model_type), ("größe", run, "agent"))
        self.assertEqual((str(found.status), found.params, found.tags["t"]), ("PENDING", many, "1"))
        self.client.finalize_logged_model(model.model_id, "READY")
        self.assertEqual(str(self.client.get_logged_model(model.model_id).status), "READY")
        self.client.set_logged_model_tags(model.model_id, {"t": "2", "u": "3"})
        self.client.delete_logged_model_tag(model.model_id, "t")
        self.assertEqual(self.client.get_logged_model(model.model_id).tags.get("u"), "3")
        self.assertNotIn("t", self.client.get_logged_model(model.model_id).tags)
        self.client.delete_logged_model(model.model_id)
        with self.refused("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_logged_model(model.model_id)
        self.assertEqual(list(self.client.search_logged_models([experiment])), [])

    def test_refused(self):
        experiment = self.experiment()
        for bad in ("a/b", "a:b", "a.b", "a%b", "a'b", 'a"b'):
            body = {"experiment_id": experiment, "name": bad}
            status, said = call("POST", "/logged-models", body)
            self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"), bad)
        for ask in (
            lambda: self.client.get_logged_model("m-0123456789abcdef0123456789abcdef"),
            lambda: self.client.create_logged_model("987654321", name="m"),
            lambda: self.client.finalize_logged_model("m-0123456789abcdef0123456789abcdef", "READY"),
        ):
            with self.refused("RESOURCE_DOES_NOT_EXIST"):
                ask()

    def test_search(self):
        experiment, other = self.experiment(), self.experiment()
        run = self.run_in(experiment)
        made = []
        for i in range(5):
            model = self.client.create_logged_model(
                experiment if i < 4 else other,
                name=f"model{i}",
                source_run_id=run if i < 4 else None,
                params={"depth": str(i)},
                tags={"even": str(i % 2 == 0)},
                model_type="big" if i > 2 else "small",
            )
            made.append(model.model_id)
            if i < 4:
                metric = Metric("acc", i / 10, 1, 1, model_id=model.model_id, dataset_name="train", dataset_digest="d1")
                test = Metric("acc", 1 - i / 10, 2, 2, model_id=model.model_id, dataset_name="test", dataset_digest="d2")
                self.client.log_batch(run, [metric, test])
            time.sleep(0.005)
        both = [experiment, other]
        number = {id: str(i) for i, id in enumerate(made)}
        found = lambda clause=None, **o: "".join(
            number[m.model_id] for m in self.client.search_logged_models(both, clause, **o)
        )
        up = [{"field_name": "creation_timestamp", "ascending": True}]
        for clause, expected in (
            (None, "01234"),
            ("name = 'model2'", "2"),
            ("attributes.name != 'model2'", "0134"),
            ("name LIKE 'model%'", "01234"),
            ("name ILIKE 'MODEL3'", "3"),
            ("name IN ('model0', 'model4')", "04"),
            (f"model_id = '{made[1]}'", "1"),
            (f"source_run_id = '{run}'", "0123"),
            ("model_type = 'big'", "34"),
            ("params.depth = '2'", "2"),
            ("params.depth != '2'", "0134"),
            ("tags.even = 'True'", "024"),
            ("creation_timestamp > 0", "01234"),
            ("creation_time < 5", ""),
            ("metrics.acc > 0.85", "01"),
            ("params.depth = '2' AND tags.even = 'True'", "2"),
        ):
            with self.subTest(clause):
                self.assertEqual(found(clause, order_by=up), expected)
        self.assertEqual(found(), "43210")
        train = [{"dataset_name": "train", "dataset_digest": "d1"}]
        self.assertEqual(found("metrics.acc >= 0.2", datasets=train, order_by=up), "23")
        order = [{"field_name": "metrics.acc", "ascending": False, "dataset_name": "train", "dataset_digest": "d1"}]
        self.assertEqual(found(order_by=order), "32104")
        got, sizes = pages(
            lambda token: self.client.search_logged_models(both, max_results=2, order_by=up, page_token=token)
        )
        self.assertEqual((sizes, [number[m.model_id] for m in got]), ([2, 2, 1], list("01234")))
        for bad in ("name == 'a'", "nothing = 'a'", "params.depth > '1'", "name = 'a' OR name = 'b'"):
            with self.subTest(bad), self.refused("INVALID_PARAMETER_VALUE"):
                found(bad)

    @defect("over REST, no digest means the digest that is empty; a status is compared with its number")
    def test_search_by_less(self):
        experiment = self.experiment()
        run = self.run_in(experiment)
        model = self.client.create_logged_model(experiment, name="m", source_run_id=run).model_id
        metric = Metric("acc", 1, 1, 1, model_id=model, dataset_name="train", dataset_digest="d1")
        self.client.log_batch(run, [metric])
        for clause, options in (
            ("status = 'PENDING'", {}),
            ("metrics.acc = 1", {"datasets": [{"dataset_name": "train"}]}),
        ):
            found = self.client.search_logged_models([experiment], clause, **options)
            self.assertEqual([m.model_id for m in found], [model])

    def test_of_a_run(self):
        with mlflow.start_run(experiment_id=self.experiment()) as run:
            model = mlflow.initialize_logged_model(name="m")
            mlflow.log_metric("acc", 0.5, step=3, model_id=model.model_id)
            self.client.log_outputs(
                run.info.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 3)]
            )
        found = self.client.get_run(run.info.run_id)
        outputs = [(o.model_id, o.step) for o in found.outputs.model_outputs]
        self.assertEqual(outputs, [(model.model_id, 3)])
        self.assertEqual(found.data.metrics, {"acc": 0.5})
        (metric,) = self.client.get_logged_model(model.model_id).metrics
        self.assertEqual((metric.key, metric.value, metric.step, metric.run_id), ("acc", 0.5, 3, run.info.run_id))


class Onnx(Tracking):
    """What the mission is about: fitted in Python, logged as ONNX, read back by every name it has."""

    @classmethod
    def setUpClass(cls):
        from skl2onnx import to_onnx

        x, y = load_iris(return_X_y=True)
        cls.x = x.astype(np.float32)
        cls.fitted = LogisticRegression(max_iter=500).fit(x, y)
        cls.onnx = to_onnx(cls.fitted, cls.x[:1], options={"zipmap": False})

    def predicts(self, uri):
        model = mlflow.pyfunc.load_model(uri)
        answers = model.predict(self.x)
        labels = answers["label"] if isinstance(answers, dict) else answers["label"].to_numpy()
        np.testing.assert_array_equal(np.ravel(labels), self.fitted.predict(self.x))

    def test_from_fit_to_alias(self):
        name = fresh("iris").replace(" ", "-")
        with mlflow.start_run(experiment_id=self.experiment()) as run:
            mlflow.log_param("C", 1)
            mlflow.log_metric("accuracy", 0.97)
            logged = mlflow.onnx.log_model(
                self.onnx,
                name="model",
                registered_model_name=name,
                signature=infer_signature(self.x, self.fitted.predict_proba(self.x).astype(np.float32)),
                input_example=self.x[:2],
            )
        self.client.set_registered_model_alias(name, "champion", 1)
        for uri in (
            logged.model_uri,
            f"models:/{logged.model_id}",
            f"models:/{name}/1",
            f"models:/{name}@champion",
            f"models:/{name}/latest",
            f"runs:/{run.info.run_id}/model",
        ):
            with self.subTest(uri):
                self.predicts(uri)
        model = self.client.get_logged_model(logged.model_id)
        self.assertEqual((str(model.status), model.params), ("READY", {"C": "1"}))
        self.assertEqual({m.key: m.value for m in model.metrics}["accuracy"], 0.97)
        version = self.client.get_model_version(name, "1")
        self.assertEqual((version.run_id, version.source), (run.info.run_id, logged.model_uri))
        self.assertIn(name, model.tags["mlflow.modelVersions"])
        self.assertEqual(mlflow.models.get_model_info(logged.model_uri).signature.inputs.to_dict()[0]["type"], "tensor")
        loaded = mlflow.onnx.load_model(f"models:/{name}@champion")
        self.assertEqual(loaded.SerializeToString(), self.onnx.SerializeToString())

    def test_pandas(self):
        frame = pd.DataFrame(self.x, columns=list("abcd"))
        fitted = LogisticRegression(max_iter=500).fit(frame, self.fitted.predict(self.x))
        with mlflow.start_run(experiment_id=self.experiment()):
            logged = mlflow.sklearn.log_model(fitted, name="pickled", input_example=frame[:2])
        loaded = mlflow.sklearn.load_model(logged.model_uri)
        np.testing.assert_array_equal(loaded.predict(frame), fitted.predict(frame))
