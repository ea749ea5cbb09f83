"""Runs: their life, params, tags, batches, inputs and outputs."""


import mlflow
import pandas as pd
from mlflow.entities import Metric, Param, RunTag, ViewType

from tracked import Tracking, call, defect, fresh


class Life(Tracking):
    def test_create_and_get(self):
        experiment = self.experiment()
        run = self.client.create_run(
            experiment, start_time=1234567890123, tags={"a": "b", "mlflow.user": "anna"}, run_name="erster Lauf"
        )
        info = run.info
        self.assertRegex(info.run_id, "^[0-9a-f]{32}$")
        self.assertEqual(info.artifact_uri, f"mlflow-artifacts:/{experiment}/{info.run_id}/artifacts")
        found = self.client.get_run(info.run_id)
        for said in (run, found):
            self.assertEqual(said.info.run_name, "erster Lauf")
            self.assertEqual((said.info.status, said.info.lifecycle_stage), ("RUNNING", "active"))
            self.assertEqual((said.info.start_time, said.info.end_time), (1234567890123, None))
            self.assertEqual(said.info.experiment_id, experiment)
            self.assertEqual(
                said.data.tags, {"a": "b", "mlflow.user": "anna", "mlflow.runName": "erster Lauf"}
            )
        self.assertEqual((found.data.params, found.data.metrics), ({}, {}))

    def test_names(self):
        run = self.client.create_run(self.experiment())
        self.assertRegex(run.info.run_name, r"^[a-z]+-[a-z]+-\d+$")
        id = run.info.run_id
        self.client.update_run(id, name="second")
        self.assertEqual(self.client.get_run(id).data.tags["mlflow.runName"], "second")
        self.client.set_tag(id, "mlflow.runName", "third")
        self.assertEqual(self.client.get_run(id).info.run_name, "third")
        self.client.log_batch(id, tags=[RunTag("mlflow.runName", "fourth")])
        self.assertEqual(self.client.get_run(id).info.run_name, "fourth")
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client.create_run(self.experiment(), run_name="one", tags={"mlflow.runName": "two"})

    def test_ends(self):
        id = self.new_run()
        self.client.set_terminated(id, "FAILED", end_time=1234567890999)
        info = self.client.get_run(id).info
        self.assertEqual((info.status, info.end_time), ("FAILED", 1234567890999))
        self.client.update_run(id, status="RUNNING")
        self.assertEqual(self.client.get_run(id).info.status, "RUNNING")
        for status in ("SCHEDULED", "KILLED", "FINISHED"):
            self.client.update_run(id, status=status)
            self.assertEqual(self.client.get_run(id).info.status, status)

    @defect("taken, without a word")
    def test_a_status_that_is_none(self):
        status, said = call("POST", "/runs/update", {"run_id": self.new_run(), "status": "NONSENSE"})
        self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"))

    def test_delete_and_restore(self):
        experiment = self.experiment()
        id = self.run_in(experiment)
        self.client.log_param(id, "p", 1)
        self.client.delete_run(id)
        self.assertEqual(self.client.get_run(id).info.lifecycle_stage, "deleted")
        self.assertEqual(self.client.get_run(id).data.params, {"p": "1"})
        for write in (
            lambda: self.client.log_param(id, "q", 1),
            lambda: self.client.log_metric(id, "m", 1),
            lambda: self.client.set_tag(id, "t", 1),
            lambda: self.client.delete_tag(id, "mlflow.runName"),
            lambda: self.client.log_batch(id, [Metric("m", 1, 1, 1)]),
            lambda: self.client.update_run(id, "FINISHED"),
        ):
            with self.refused("INVALID_PARAMETER_VALUE", "'active' state"):
                write()
        found = lambda view: [r.info.run_id for r in self.client.search_runs([experiment], run_view_type=view)]
        self.assertEqual(found(ViewType.ACTIVE_ONLY), [])
        self.assertEqual(found(ViewType.DELETED_ONLY), [id])
        self.assertEqual(found(ViewType.ALL), [id])
        self.client.restore_run(id)
        self.client.log_param(id, "q", 1)

    def test_not_there(self):
        nobody = "0123456789abcdef0123456789abcdef"
        for ask in (
            lambda: self.client.get_run(nobody),
            lambda: self.client.log_metric(nobody, "m", 1),
            lambda: self.client.log_param(nobody, "p", 1),
            lambda: self.client.log_batch(nobody, [Metric("m", 1, 1, 1)]),
            lambda: self.client.set_tag(nobody, "t", 1),
            lambda: self.client.set_terminated(nobody),
            lambda: self.client.delete_run(nobody),
            lambda: self.client.restore_run(nobody),
            lambda: self.client.list_artifacts(nobody),
        ):
            with self.refused("RESOURCE_DOES_NOT_EXIST", nobody):
                ask()

    def test_fluent(self):
        mlflow.set_experiment(fresh())
        with mlflow.start_run(run_name="parent", description="what it is", tags={"x": "1"}) as parent:
            with mlflow.start_run(nested=True) as child:
                mlflow.log_metric("m", 1)
            mlflow.log_params({f"p{i}": i for i in range(250)})
            mlflow.log_metrics({f"m{i}": i / 7 for i in range(2500)}, step=3)
            mlflow.set_tags({f"t{i}": i for i in range(250)})
        run = mlflow.get_run(parent.info.run_id)
        self.assertEqual(run.info.status, "FINISHED")
        self.assertGreaterEqual(run.info.end_time, run.info.start_time)
        self.assertEqual(run.data.params, {f"p{i}": str(i) for i in range(250)})
        self.assertEqual(run.data.metrics, {f"m{i}": i / 7 for i in range(2500)})
        self.assertEqual(run.data.tags["mlflow.note.content"], "what it is")
        self.assertEqual(run.data.tags["t249"], "249")
        self.assertEqual(mlflow.get_parent_run(child.info.run_id).info.run_id, parent.info.run_id)
        with self.assertRaises(ZeroDivisionError), mlflow.start_run() as broken:
            1 / 0
        self.assertEqual(mlflow.get_run(broken.info.run_id).info.status, "FAILED")
        frame = mlflow.search_runs(filter_string="metrics.m2 < 1", order_by=["start_time ASC"])
        self.assertEqual(list(frame.run_id), [parent.info.run_id])
        self.assertEqual(frame["metrics.m2"][0], 2 / 7)

    def test_old_names_of_the_id(self):
        id = self.new_run()
        self.assertEqual(call("GET", f"/runs/get?run_uuid={id}")[1]["run"]["info"]["run_uuid"], id)
        self.assertEqual(call("POST", "/runs/log-parameter", {"run_uuid": id, "key": "k", "value": "v"})[0], 200)
        self.assertEqual(call("GET", "/runs/get")[0], 400)


class ParamsAndTags(Tracking):
    def test_params_are_written_once(self):
        id = self.new_run()
        self.client.log_param(id, "lr", 0.1)
        self.client.log_param(id, "lr", "0.1")
        self.client.log_param(id, "empty", "")
        for write in (
            lambda: self.client.log_param(id, "lr", 0.2),
            lambda: self.client.log_batch(id, params=[Param("new", "1"), Param("lr", "0.3")]),
            lambda: self.client.log_batch(id, params=[Param("two", "1"), Param("two", "2")]),
        ):
            with self.refused("INVALID_PARAMETER_VALUE"):
                write()
        self.client.log_batch(id, params=[Param("lr", "0.1"), Param("same", "x")])
        params = self.client.get_run(id).data.params
        self.assertEqual((params["lr"], params["empty"], params["same"]), ("0.1", "", "x"))
        self.assertNotIn("two", params)

    def test_a_refused_batch_leaves_nothing(self):
        id = self.new_run()
        self.client.log_param(id, "lr", 0.1)
        with self.refused("INVALID_PARAMETER_VALUE", "lr"):
            self.client.log_batch(
                id, [Metric("m", 1, 1, 1)], [Param("new", "1"), Param("lr", "0.3")], [RunTag("t", "1")]
            )
        data = self.client.get_run(id).data
        self.assertEqual((data.params, data.metrics), ({"lr": "0.1"}, {}))
        self.assertNotIn("t", data.tags)

    def test_texts(self):
        id = self.new_run()
        texts = {
            "plain": "x",
            "ünï/cödé 日本:1": "🦊 'single' \"double\" `back` \\ \n \t %_",
            "a.b-c_d/e": "null",
            "sql": "'; drop table millwright.run; --",
        }
        for key, value in texts.items():
            self.client.log_param(id, key, value)
            self.client.set_tag(id, key, value)
        data = self.client.get_run(id).data
        self.assertEqual(data.params, texts)
        self.assertEqual({k: data.tags[k] for k in texts}, texts)

    def test_long_values(self):
        id = self.new_run()
        self.client.log_param(id, "p", "x" * 6000)
        self.client.set_tag(id, "t", "é" * 8000)
        data = self.client.get_run(id).data
        self.assertEqual((data.params["p"], data.tags["t"]), ("x" * 6000, "é" * 8000))
        status, _ = call("POST", "/runs/log-parameter", {"run_id": id, "key": "long", "value": "y" * 7000})
        self.assertEqual(status, 200)
        self.assertEqual(self.client.get_run(id).data.params["long"], "y" * 6000)

    def test_keys(self):
        id = self.new_run()
        for bad in ("", "/a", "a//b", "../a", "a/./b", "a*b", "a\nb", "k" * 251):
            for path, body in (
                ("/runs/log-parameter", {"value": "v"}),
                ("/runs/set-tag", {"value": "v"}),
                ("/runs/log-metric", {"value": 1, "timestamp": 1}),
            ):
                with self.subTest(bad=bad, path=path):
                    status, said = call("POST", path, {"run_id": id, "key": bad, **body})
                    self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
        data = self.client.get_run(id).data
        self.assertEqual((data.params, data.metrics, len(data.tags)), ({}, {}, 1))

    def test_tags(self):
        id = self.new_run()
        self.client.set_tag(id, "t", "one")
        self.client.set_tag(id, "t", "two")
        self.assertEqual(self.client.get_run(id).data.tags["t"], "two")
        self.client.delete_tag(id, "t")
        self.assertNotIn("t", self.client.get_run(id).data.tags)
        with self.refused("RESOURCE_DOES_NOT_EXIST", "No tag with name: t in run with id"):
            self.client.delete_tag(id, "t")


class Batches(Tracking):
    def test_all_at_once(self):
        id = self.new_run()
        self.client.log_batch(
            id,
            [Metric(f"m{i % 10}", i, 1000 + i, i) for i in range(800)],
            [Param(f"p{i}", str(i)) for i in range(100)],
            [RunTag(f"t{i}", str(i)) for i in range(100)],
        )
        data = self.client.get_run(id).data
        self.assertEqual(data.metrics, {f"m{k}": 790 + k for k in range(10)})
        self.assertEqual(len(data.params), 100)
        self.assertEqual(len([t for t in data.tags if t.startswith("t")]), 100)

    def test_limits(self):
        id = self.new_run()
        metric = {"key": "m", "value": 1, "timestamp": 1, "step": 1}
        pair = lambda i: {"key": f"k{i}", "value": "v"}
        for body, words in (
            ({"metrics": [{**metric, "step": i} for i in range(1001)]}, "1000"),
            ({"params": [pair(i) for i in range(101)]}, "100"),
            ({"tags": [pair(i) for i in range(101)]}, "100"),
            ({"metrics": [{**metric, "step": i} for i in range(950)], "params": [pair(i) for i in range(51)]}, "1000"),
        ):
            status, said = call("POST", "/runs/log-batch", {"run_id": id, **body})
            self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
            self.assertIn(words, said["message"])
        data = self.client.get_run(id).data
        self.assertEqual((data.params, data.metrics), ({}, {}))

    def test_wrong_types(self):
        id = self.new_run()
        for body, words in (
            ({"metrics": "x"}, "'metrics'"),
            ({"metrics": [{"key": "m", "timestamp": 1}]}, r"metrics\[0\].value"),
            ({"metrics": [{"key": "m", "value": 1}]}, r"metrics\[0\].timestamp"),
            ({"metrics": [{"value": 1, "timestamp": 1}]}, r"metrics\[0\]\.(name|key)"),
            ({"params": [{"value": "v"}]}, r"params\[0\].key"),
            ({"tags": [{"value": "v"}]}, r"tags\[0\].key"),
        ):
            with self.subTest(body):
                status, said = call("POST", "/runs/log-batch", {"run_id": id, **body})
                self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"), said)
                self.assertRegex(said["message"], words)

    @defect("taken as 0")
    def test_texts_that_are_no_numbers(self):
        id = self.new_run()
        for change in ({"value": "abc"}, {"timestamp": "abc"}, {"step": "abc"}):
            (field,) = change
            metric = {"key": "m", "value": 1, "timestamp": 1, **change}
            status, said = call("POST", "/runs/log-batch", {"run_id": id, "metrics": [metric]})
            self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"), said)
            self.assertRegex(said["message"], rf"metrics\[0\].{field}")
            status, said = call("POST", "/runs/log-metric", {"run_id": id, **metric})
            self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"), said)
            self.assertIn(f"Invalid value \"abc\" for parameter '{field}' supplied", said["message"])

    def test_content_types(self):
        status, said = call("POST", "/runs/create", data=b'{"experiment_id": "0"}')
        self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
        self.assertIn("Content-Type", said["message"])
        as_json = {"Content-Type": "application/json; charset=utf-8"}
        status, said = call("POST", "/runs/create", data=b'{"experiment_id": "0"}', headers=as_json)
        self.assertEqual(status, 200, said)


class Inputs(Tracking):
    def test_datasets(self):
        experiment = self.experiment()
        frame = pd.DataFrame({"x": [1, 2, 3], "y": [0.1, 0.2, 0.3]})
        data = mlflow.data.from_pandas(frame, source="s3://bucket/train.csv", name="train", targets="y")
        mlflow.set_experiment(experiment_id=experiment)
        with mlflow.start_run() as run:
            mlflow.log_input(data, context="training", tags={"quality": "gold"})
            mlflow.log_input(data, context="training")
        with mlflow.start_run() as other:
            mlflow.log_input(data)
            mlflow.log_input(mlflow.data.from_pandas(frame[:2], name="test"), context="evaluation")
        (found,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
        self.assertEqual((found.dataset.name, found.dataset.digest), ("train", data.digest))
        self.assertIn("s3://bucket/train.csv", found.dataset.source)
        self.assertIn("mlflow_colspec", found.dataset.schema)
        tags = {tag.key: tag.value for tag in found.tags}
        self.assertEqual((tags["mlflow.data.context"], tags["quality"]), ("training", "gold"))
        found = {i.dataset.name for i in mlflow.get_run(other.info.run_id).inputs.dataset_inputs}
        self.assertEqual(found, {"train", "test"})
        for clause, expected in (
            ("datasets.name = 'train'", {run, other}),
            ("dataset.name != 'train'", {other}),
            (f"datasets.digest = '{data.digest}'", {run, other}),
            ("datasets.context = 'evaluation'", {other}),
            ("datasets.context LIKE 'train%'", {run}),
            ("datasets.name ILIKE 'TE%'", {other}),
            ("datasets.name IN ('test', 'nothing')", {other}),
        ):
            with self.subTest(clause):
                got = {r.info.run_id for r in self.client.search_runs([experiment], clause)}
                self.assertEqual(got, {r.info.run_id for r in expected})
        status, said = call(
            "POST", "/experiments/search-datasets", {"experiment_ids": [experiment]}, api="ajax-api"
        )
        self.assertEqual(status, 200)
        summaries = {(d["name"], d.get("context")) for d in said["dataset_summaries"]}
        self.assertLessEqual({("train", "training"), ("test", "evaluation")}, summaries)

    def test_limits(self):
        id = self.new_run()
        dataset = {"name": "d", "digest": "1", "source_type": "s", "source": "s"}
        for change, words in (
            ({"name": "n" * 501}, "name"),
            ({"digest": "d" * 37}, "digest"),
            ({"source": "s" * 65536}, "source"),
        ):
            with self.subTest(words):
                body = {"run_id": id, "datasets": [{"dataset": {**dataset, **change}}]}
                status, said = call("POST", "/runs/log-inputs", body)
                self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
                self.assertRegex(said["message"], words)


