"""Traces as the client's own tracer sends them."""

import time

import mlflow
from mlflow.entities import AssessmentSource, SpanType

from tracked import Tracking, fresh


class Traces(Tracking):
    def setUp(self):
        super().setUp()
        self.place = mlflow.set_experiment(fresh()).experiment_id

    def traces(self, count, clause=None, **options):
        """Once there are `count`: spans are sent in the background."""
        if count > 0:
            mlflow.flush_trace_async_logging()
        deadline = time.monotonic() + 120
        while True:
            found = mlflow.search_traces(
                locations=[self.place], filter_string=clause, return_type="list", **options
            )
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def test_a_function(self):
        @mlflow.trace(span_type=SpanType.TOOL, attributes={"k": "v"})
        def inner(x):
            return {"double": x * 2, "größe": [1.5, None, "🦊"]}

        @mlflow.trace(name="outer")
        def outer(x, note="n"):
            mlflow.update_current_trace(tags={"team": "fraud"}, metadata={"session": "s1"})
            return inner(x)

        outer(21)
        (trace,) = self.traces(1)
        info = trace.info
        self.assertRegex(info.trace_id, "^tr-[0-9a-f]{32}$")
        self.assertEqual((str(info.state), info.experiment_id), ("OK", self.place))
        self.assertEqual((info.tags["team"], info.trace_metadata["session"]), ("fraud", "s1"))
        spans = {span.name: span for span in trace.data.spans}
        self.assertEqual(set(spans), {"outer", "inner"})
        self.assertEqual(spans["inner"].parent_id, spans["outer"].span_id)
        self.assertEqual(spans["outer"].inputs, {"x": 21, "note": "n"})
        self.assertEqual(spans["outer"].outputs, {"double": 42, "größe": [1.5, None, "🦊"]})
        self.assertEqual((spans["inner"].span_type, spans["inner"].attributes["k"]), ("TOOL", "v"))
        self.assertLessEqual(spans["inner"].end_time_ns, spans["outer"].end_time_ns)
        again = mlflow.get_trace(info.trace_id)
        self.assertEqual([s.to_dict() for s in again.data.spans], [s.to_dict() for s in trace.data.spans])

    def test_an_error(self):
        @mlflow.trace
        def breaks():
            raise ValueError("no good")

        with self.assertRaises(ValueError):
            breaks()
        (trace,) = self.traces(1)
        self.assertEqual(str(trace.info.state), "ERROR")
        (event,) = trace.data.spans[0].events
        self.assertEqual(event.attributes["exception.message"], "no good")

    def test_search(self):
        ids = {}
        for i in range(4):
            with mlflow.start_span(name=f"step{i}") as span:
                mlflow.update_current_trace(tags={"i": str(i)}, metadata={"half": str(i // 2)})
                time.sleep(0.002)
            ids[span.trace_id] = str(i)
        self.traces(4)
        found = lambda clause, **o: "".join(
            ids[t.info.trace_id] for t in self.traces(0, clause, order_by=["timestamp_ms ASC"], **o)
        )
        for clause, expected in (
            (None, "0123"),
            ("tags.i = '2'", "2"),
            ("tag.i != '2'", "013"),
            ("tags.i LIKE '%'", "0123"),
            ("metadata.half = '1'", "23"),
            ("trace.name = 'step1'", "1"),
            ("name LIKE 'step%'", "0123"),
            ("trace.status = 'OK'", "0123"),
            ("status = 'ERROR'", ""),
            ("timestamp_ms > 0", "0123"),
            ("execution_time_ms > 100000", ""),
            ("span.name = 'step3'", "3"),
            ("tags.i = '2' AND metadata.half = '1'", "2"),
        ):
            with self.subTest(clause):
                self.assertEqual(found(clause), expected)
        self.assertEqual(len(self.traces(0, max_results=3)), 3)
        for bad in ("nothing = 'x'", "tags.i == '2'", "tags.i = '1' OR tags.i = '2'"):
            with self.subTest(bad), self.refused("INVALID_PARAMETER_VALUE"):
                self.traces(0, bad)

    def test_tags_and_deletion(self):
        for _ in range(3):
            with mlflow.start_span(name="s"):
                pass
        one, two, three = [t.info.trace_id for t in self.traces(3)]
        mlflow.set_trace_tag(one, "k", "v")
        self.assertEqual(mlflow.get_trace(one).info.tags["k"], "v")
        mlflow.delete_trace_tag(one, "k")
        self.assertNotIn("k", mlflow.get_trace(one).info.tags)
        self.assertEqual(self.client.delete_traces(self.place, trace_ids=[one, two]), 2)
        self.assertEqual([t.info.trace_id for t in self.traces(1)], [three])
        self.assertEqual(self.client.delete_traces(self.place, max_timestamp_millis=int(time.time() * 1000) + 1000), 1)

    def test_assessments(self):
        with mlflow.start_span(name="s") as span:
            pass
        self.traces(1)
        source = AssessmentSource("HUMAN", "anna@example.org")
        feedback = mlflow.log_feedback(
            trace_id=span.trace_id, name="right", value=True, rationale="so it is", source=source
        )
        mlflow.log_expectation(trace_id=span.trace_id, name="wanted", value={"a": [1, "ü"]}, source=source)
        found = {a.name: a for a in mlflow.get_trace(span.trace_id).info.assessments}
        self.assertEqual((found["right"].value, found["right"].rationale), (True, "so it is"))
        self.assertEqual(found["wanted"].value, {"a": [1, "ü"]})
        changed = mlflow.entities.Feedback(name="right", value=False, source=source)
        mlflow.update_assessment(span.trace_id, feedback.assessment_id, changed)
        again = mlflow.get_assessment(span.trace_id, feedback.assessment_id)
        self.assertIs(again.value, False)
        mlflow.delete_assessment(span.trace_id, feedback.assessment_id)
        self.assertEqual([a.name for a in mlflow.get_trace(span.trace_id).info.assessments], ["wanted"])

    def test_of_a_run(self):
        with mlflow.start_run() as run, mlflow.start_span(name="s") as span:
            pass
        self.traces(1)
        found = self.traces(1, f"attributes.run_id = '{run.info.run_id}'")
        self.assertEqual([t.info.trace_id for t in found], [span.trace_id])
