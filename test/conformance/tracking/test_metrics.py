"""Metrics: every double, the latest one, long histories."""

import math
import random

import mlflow
from mlflow.entities import Metric

from tracked import Tracking, call, defect

MAX = 1.7976931348623157e308


class Values(Tracking):
    def test_doubles(self):
        id = self.new_run()
        values = [0.1, -0.0, 5e-324, MAX, -MAX, 1e22, 123456789012345680, 2**53, 1 / 3, 0]
        self.client.log_batch(id, [Metric(f"m{i}", v, 1, 0) for i, v in enumerate(values)])
        found = self.client.get_run(id).data.metrics
        self.assertEqual([found[f"m{i}"] for i in range(len(values))], values)

    def test_not_a_number(self):
        id = self.new_run()
        self.client.log_metric(id, "nan", math.nan)
        self.client.log_batch(id, [Metric("nan too", math.nan, 1, 1)])
        metrics = self.client.get_run(id).data.metrics
        self.assertTrue(math.isnan(metrics["nan"]) and math.isnan(metrics["nan too"]))
        self.assertTrue(math.isnan(self.client.get_metric_history(id, "nan")[0].value))

    @defect("refused, with the SQL")
    def test_not_a_number_twice(self):
        id = self.new_run()
        for _ in range(2):
            self.client.log_batch(id, [Metric("m", math.nan, 1, 1), Metric("m", math.nan, 1, 1)])
        self.assertEqual(len(self.client.get_metric_history(id, "m")), 1)

    @defect("infinity becomes 1.8e308")
    def test_infinity(self):
        id = self.new_run()
        self.client.log_metric(id, "up", math.inf)
        self.client.log_batch(id, [Metric("down", -math.inf, 1, 1)])
        metrics = self.client.get_run(id).data.metrics
        self.assertEqual((metrics["up"], metrics["down"]), (math.inf, -math.inf))
        (up,) = self.client.get_metric_history(id, "up")
        self.assertEqual(up.value, math.inf)

    def test_values_as_text(self):
        """JSON has no word for these three; numbers may come as text too."""
        id = self.new_run()
        for text in ("NaN", "Infinity", "-Infinity", "1.5"):
            body = {"run_id": id, "key": f"m{text}", "value": text, "timestamp": "5", "step": "-3"}
            self.assertEqual(call("POST", "/runs/log-metric", body), (200, {}))
        (point,) = self.client.get_metric_history(id, "m1.5")
        self.assertEqual((point.value, point.timestamp, point.step), (1.5, 5, -3))

    def test_the_latest(self):
        """By step, then time, then value; not by who came last."""
        id = self.new_run()
        points = [(1, 100, 5), (2, 50, 5), (3, 50, 7), (9, 10, 7), (4, 50, 7), (8, 999, 6), (7, 1, -2)]
        for value, timestamp, step in points:
            self.client.log_metric(id, "m", value, timestamp, step)
        self.assertEqual(self.client.get_run(id).data.metrics["m"], 4)
        batch = self.new_run()
        random.Random(1).shuffle(points)
        self.client.log_batch(batch, [Metric("m", *point) for point in points])
        self.assertEqual(self.client.get_run(batch).data.metrics["m"], 4)

    def test_times_and_steps(self):
        id = self.new_run()
        self.client.log_metric(id, "m", 1, timestamp=9007199254740991, step=-9007199254740991)
        (point,) = self.client.get_metric_history(id, "m")
        self.assertEqual((point.timestamp, point.step), (9007199254740991, -9007199254740991))

    @defect("NaN in the run refuses its second writing")
    def test_a_model_of_a_run_with_nan(self):
        with mlflow.start_run(experiment_id=self.experiment()) as run:
            mlflow.log_metric("loss", math.nan, step=1)
            model = mlflow.initialize_logged_model(name="m", source_run_id=run.info.run_id)
            again = Metric("loss", math.nan, 1, 1, model_id=model.model_id)
            history = self.client.get_metric_history(run.info.run_id, "loss")
            at = history[0].timestamp
            for _ in range(2):
                self.client.log_batch(
                    run.info.run_id, [Metric("loss", math.nan, at, 1, model_id=model.model_id), again]
                )
        self.assertTrue(math.isnan(self.client.get_run(run.info.run_id).data.metrics["loss"]))


class Histories(Tracking):
    @classmethod
    def setUpClass(cls):
        from mlflow import MlflowClient
        from tracked import URL, fresh

        client = MlflowClient(URL)
        cls.key = client.create_run(client.create_experiment(fresh())).info.run_id
        cls.points = [(math.sin(i), 1000 + i, i) for i in range(26_000)]
        for start in range(0, len(cls.points), 1000):
            client.log_batch(cls.key, [Metric("long", *p) for p in cls.points[start : start + 1000]])

    def test_whole(self):
        """The client asks for pages of 25 000."""
        found = self.client.get_metric_history(self.key, "long")
        self.assertEqual([(m.value, m.timestamp, m.step) for m in found], self.points)

    @defect("an empty page")
    def test_without_limit(self):
        _, said = call("GET", f"/metrics/get-history?run_id={self.key}&metric_key=long")
        self.assertEqual(len(said["metrics"]), len(self.points))
        self.assertNotIn("next_page_token", said)

    def test_pages(self):
        found, token, sizes = [], "", []
        while True:
            query = f"run_id={self.key}&metric_key=long&max_results=10000&page_token={token}"
            status, said = call("GET", f"/metrics/get-history?{query}")
            self.assertEqual(status, 200)
            found += [m["step"] for m in said["metrics"]]
            sizes.append(len(said["metrics"]))
            token = said.get("next_page_token", "")
            if not token:
                break
        self.assertEqual(sizes, [10_000, 10_000, 6000])
        self.assertEqual(found, list(range(26_000)))

    def test_bulk(self):
        other = self.new_run()
        self.client.log_metric(other, "long", 5, 7, 1)
        path = f"/metrics/get-history-bulk?run_id={self.key}&run_id={other}&metric_key=long&max_results=25000"
        _, answer = call("GET", path, api="ajax-api")
        said = answer["metrics"]
        self.assertEqual(len(said), 25_000)
        self.assertLessEqual({m["run_id"] for m in said}, {self.key, other})

    def test_bulk_interval(self):
        other = self.new_run()
        self.client.log_batch(other, [Metric("long", i, i, i) for i in range(1000)])
        query = f"run_ids={self.key}&run_ids={other}&metric_key=long&max_results=100"
        status, said = call("GET", f"/metrics/get-history-bulk-interval?{query}")
        self.assertEqual(status, 200)
        for run, last in ((self.key, 25_999), (other, 999)):
            steps = [m["step"] for m in said["metrics"] if m["run_id"] == run]
            self.assertEqual((steps[0], steps[-1]), (0, last))
            self.assertEqual(steps, sorted(steps))
            self.assertLess(len(steps), 400)
        query += "&start_step=100&end_step=200"
        _, said = call("GET", f"/metrics/get-history-bulk-interval?{query}")
        steps = {m["step"] for m in said["metrics"] if m["run_id"] == other}
        self.assertTrue({100, 200} <= steps <= set(range(100, 201)))
        for bad in ("&max_results=0", "&max_results=2501", "&start_step=1"):
            query = f"run_ids={other}&metric_key=long{bad}"
            self.assertEqual(call("GET", f"/metrics/get-history-bulk-interval?{query}")[0], 400)

    def test_order_and_duplicates(self):
        id = self.new_run()
        points = [(3, 10, 1), (1, 10, 1), (2, 10, 0), (9, 5, 7), (3, 10, 1)]
        for _ in range(2):
            self.client.log_batch(id, [Metric("m", *p) for p in points])
        for point in points:
            self.client.log_metric(id, "m", *point)
        found = [(m.value, m.timestamp, m.step) for m in self.client.get_metric_history(id, "m")]
        self.assertEqual(found, [(9, 5, 7), (2, 10, 0), (1, 10, 1), (3, 10, 1)])

    def test_nothing_there(self):
        self.assertEqual(self.client.get_metric_history(self.key, "nothing"), [])
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client._tracking_client.store.get_metric_history(self.key, "long", 10, "garbage")
