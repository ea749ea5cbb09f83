"""What agents are evaluated on, and what is odd about spans."""

import mlflow
from mlflow.genai import datasets

from tracked import Tracking, fresh


class EvaluationDatasets(Tracking):
    def setUp(self):
        super().setUp()
        self.place = mlflow.set_experiment(fresh()).experiment_id

    def test_records_of_the_same_inputs_are_merged(self):
        made = datasets.create_dataset(name=fresh(), experiment_id=self.place, tags={"team": "fraud"})
        made.merge_records([
            {"inputs": {"q": "a", "n": 1.0}, "expectations": {"answer": "A"}, "tags": {"level": "easy"}},
            {"inputs": {"q": "b", "big": 2**70}, "expectations": {"answer": "ü"}},
        ])
        made.merge_records([{"inputs": {"n": 1.0, "q": "a"}, "expectations": {"source": "book"}}])
        table = datasets.get_dataset(dataset_id=made.dataset_id).to_df()
        rows = {row["inputs"]["q"]: row for _, row in table.iterrows()}
        self.assertEqual(len(table), 2)
        self.assertEqual(rows["a"]["expectations"], {"answer": "A", "source": "book"})
        self.assertEqual((rows["b"]["inputs"]["big"], type(rows["a"]["inputs"]["n"])), (2**70, float))

    def test_records_from_traces(self):
        for i in range(3):
            with mlflow.start_span(name="answer") as span:
                span.set_inputs({"question": f"number {i}"})
                span.set_outputs("yes")
            mlflow.flush_trace_async_logging()
            mlflow.log_expectation(trace_id=span.trace_id, name="right", value="no")
        found = mlflow.search_traces(locations=[self.place], return_type="list")
        made = datasets.create_dataset(name=fresh(), experiment_id=self.place)
        made.merge_records(found)
        table = made.to_df()
        self.assertEqual(sorted(row["question"] for row in table["inputs"]), [f"number {i}" for i in range(3)])
        self.assertEqual(set(table["source_id"]), {trace.info.trace_id for trace in found})

    def test_found_tagged_and_deleted(self):
        names = [fresh("evaluated") for _ in range(3)]
        made = [datasets.create_dataset(name=n, experiment_id=self.place, tags={"n": str(i)}) for i, n in enumerate(names)]
        found = datasets.search_datasets(experiment_ids=[self.place], filter_string="tags.n != '1'", order_by=["name ASC"])
        self.assertEqual([d.name for d in found], [names[0], names[2]])
        datasets.set_dataset_tags(dataset_id=made[0].dataset_id, tags={"n": None, "m": "x"})
        self.assertEqual(datasets.get_dataset(dataset_id=made[0].dataset_id).tags["m"], "x")
        datasets.delete_dataset(dataset_id=made[0].dataset_id)
        with self.refused("RESOURCE_DOES_NOT_EXIST"):
            datasets.get_dataset(dataset_id=made[0].dataset_id)


class Spans(Tracking):
    def setUp(self):
        super().setUp()
        self.place = mlflow.set_experiment(fresh()).experiment_id

    def test_values_of_every_kind_come_back(self):
        values = {
            "text": "ä 'quoted' \"twice\" \\ \u2028",
            "whole": 1.0,
            "integer": 2**53 + 1,
            "small": -7,
            "part": 0.1,
            "flag": True,
            "nothing": None,
            "list": [1, "x", [2.5, None]],
            "map": {"b": {"c": 1}, "a": [], "1": {}},
        }
        with mlflow.start_span(name="s") as span:
            span.set_inputs(values)
            span.set_attributes(values)
        mlflow.flush_trace_async_logging()
        (kept,) = mlflow.get_trace(span.trace_id).data.spans
        self.assertEqual(kept.inputs, values)
        self.assertEqual({k: kept.attributes[k] for k in values}, values)
        self.assertIs(type(kept.inputs["whole"]), float)
        self.assertEqual(kept.start_time_ns, span.start_time_ns)

    def test_linked_to_a_run_afterwards(self):
        run = self.client.create_run(self.place).info.run_id
        ids = []
        for _ in range(2):
            with mlflow.start_span(name="s") as span:
                ids.append(span.trace_id)
        mlflow.flush_trace_async_logging()
        self.client.link_traces_to_run(trace_ids=ids[:1], run_id=run)
        found = mlflow.search_traces(locations=[self.place], filter_string=f"attributes.run_id = '{run}'", return_type="list")
        self.assertEqual([t.info.trace_id for t in found], ids[:1])

    def test_a_trace_with_many_spans(self):
        with mlflow.start_span(name="root") as root:
            for i in range(500):
                with mlflow.start_span(name=f"step {i}") as step:
                    step.set_outputs("x" * 1000)
        mlflow.flush_trace_async_logging()
        spans = mlflow.get_trace(root.trace_id).data.spans
        self.assertEqual((len(spans), spans[0].name, spans[-1].name), (501, "root", "step 499"))
