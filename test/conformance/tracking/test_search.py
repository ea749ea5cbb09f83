"""Runs found again: every operator and order, keys of all shapes, pages."""

import math

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, ViewType

from tracked import URL, Tracking, call, defect, fresh, pages

#: name, status, start, metrics, params, tags
RUNS = (
    ("Anna", "FINISHED", 1000, {"loss": 0.5, "rank": 0.5, "a b": 1}, {"lr": "0.1", "model/kind": "tree"}, {"team": "Fraud"}),
    ("bert", "FAILED", 2000, {"loss": 1.5, "rank": 1.5}, {"lr": "0.01"}, {"team": "fraud ring", "x.y": "1"}),
    ("cäsar", "RUNNING", 3000, {"loss": -2, "rank": -2}, {"lr": "0.1", "empty": ""}, {"team": "credit_risk"}),
    ("dora", "KILLED", 4000, {"rank": math.nan}, {}, {"team": "creditXrisk"}),
    ("emil", "FINISHED", 5000, {"other": 1e300}, {"LR": "0.1"}, {}),
    ("fritz", "SCHEDULED", 6000, {"loss": 1.5, "rank": 1.5, "other": -1e-300}, {"lr": "100%"}, {"team": "it's"}),
)


class Runs(Tracking):
    @classmethod
    def setUpClass(cls):
        client = MlflowClient(URL)
        cls.place = client.create_experiment(fresh())
        cls.ids = {}
        for name, status, start, metrics, params, tags in RUNS:
            run = client.create_run(cls.place, start_time=start, run_name=name, tags=tags)
            id = run.info.run_id
            client.log_batch(
                id,
                [Metric(k, v, 10, 1) for k, v in metrics.items()] + [Metric(k, 77, 10, 0) for k in metrics],
                [Param(k, v) for k, v in params.items()],
            )
            if status != "RUNNING":
                client.set_terminated(id, status, end_time=start + 500)
            cls.ids[id] = name

    def found(self, filter_string="", **options):
        options = {"order_by": ["attributes.start_time ASC"], **options}
        return [self.ids[r.info.run_id] for r in self.client.search_runs([self.place], filter_string, **options)]

    def check(self, cases):
        for clause, expected in cases.items():
            with self.subTest(clause):
                self.assertEqual(self.found(clause), expected.split())

    def test_metrics(self):
        """Of a key that a run does not have, nothing is true, != included."""
        self.check(
            {
                "metrics.loss = 1.5": "bert fritz",
                "metrics.loss != 1.5": "Anna cäsar",
                "metrics.loss > 0.5": "bert fritz",
                "metrics.loss >= 0.5": "Anna bert fritz",
                "metrics.loss < 0.5": "cäsar",
                "metrics.loss <= .5": "Anna cäsar",
                "metric.loss < -1e0": "cäsar",
                "metrics.other > 1e299": "emil",
                "metrics.other < 0": "fritz",
                "metrics.`a b` = 1": "Anna",
                'metrics."a b" > 0': "Anna",
                "metrics.loss = 77": "",
                "metrics.nothing != 3": "",
            }
        )

    @defect("NaN is taken for 0")
    def test_not_a_number(self):
        self.check({"metrics.rank < 0.5": "cäsar", "metrics.rank = 0": "", "metrics.rank >= 0 AND metrics.rank < 1": "Anna"})

    def test_params_and_tags(self):
        self.check(
            {
                "params.lr = '0.1'": "Anna cäsar",
                'params.lr = "0.1"': "Anna cäsar",
                "param.lr != '0.1'": "bert fritz",
                "parameters.lr LIKE '0.%'": "Anna bert cäsar",
                "params.lr LIKE '0._'": "Anna cäsar",
                "params.LR = '0.1'": "emil",
                "params.`model/kind` ILIKE 'TREE'": "Anna",
                "params.empty = ''": "cäsar",
                "params.lr IS NULL": "dora emil",
                "params.lr IS NOT NULL": "Anna bert cäsar fritz",
                "tags.team = 'Fraud'": "Anna",
                "tag.team != 'Fraud'": "bert cäsar dora fritz",
                "tags.team LIKE 'fraud%'": "bert",
                "tags.team ILIKE 'fraud%'": "Anna bert",
                "tags.team LIKE 'credit_risk'": "cäsar dora",
                "tags.x.y = '1'": "bert",
                "tags.`x.y` = '1'": "bert",
                'tags.team = "it\'s"': "fritz",
                "tags.team IS NULL": "emil",
                "tags.mlflow.runName = 'dora'": "dora",
                "params.nothing != 'x'": "",
            }
        )

    def test_attributes(self):
        anna, bert = [i for i, n in self.ids.items() if n in ("Anna", "bert")]
        self.check(
            {
                "attributes.status = 'FINISHED'": "Anna emil",
                "attribute.status != 'FINISHED'": "bert cäsar dora fritz",
                "attr.status LIKE '%ED'": "Anna bert dora emil fritz",
                "status ILIKE 'running'": "cäsar",
                "run.status = 'KILLED'": "dora",
                "attributes.run_name = 'cäsar'": "cäsar",
                "attributes.`run name` LIKE '%r%'": "bert cäsar dora fritz",
                "attributes.run_name ILIKE 'a%'": "Anna",
                "attributes.start_time > 4000": "emil fritz",
                "start_time >= 4000 AND start_time <= 5000": "dora emil",
                "attributes.created = 2000": "bert",
                "attributes.end_time < 2000": "Anna",
                "attributes.end_time != 2500": "Anna dora emil fritz",
                f"attributes.run_id = '{anna}'": "Anna",
                f"attributes.run_id != '{anna}'": "bert cäsar dora emil fritz",
                f"attributes.run_id IN ('{anna}', '{bert}')": "Anna bert",
                f"run_id NOT IN ('{anna}','{bert}')": "cäsar dora emil fritz",
                f"attributes.artifact_uri LIKE '%/{anna}/artifacts'": "Anna",
                "attributes.user_id = 'nobody'": "",
            }
        )

    def test_together(self):
        self.check(
            {
                "metrics.loss > 0 and params.lr = '0.1' AND tags.team = 'Fraud'": "Anna",
                "metrics.loss < 2 And status = 'RUNNING'": "cäsar",
                "metrics.loss=1.5   AND\n\tparams.lr='0.01'": "bert",
                "metrics.loss > 0 AND metrics.loss < 1": "Anna",
                "": "Anna bert cäsar dora emil fritz",
            }
        )

    def test_refused(self):
        for bad in (
            "metrics.loss == 1",
            "metrics.loss <> 1",
            "metrics.loss = '1'",
            "metrics.loss = NaN",
            "metrics.loss LIKE '1'",
            "params.lr > '1'",
            "params.lr = 1",
            "tags.team = Fraud",
            "metrics.a b = 1",
            "status = 'FINISHED' OR status = 'FAILED'",
            "NOT status = 'FINISHED'",
            "(metrics.loss = 1)",
            "metrics.loss",
            "= 1",
            "attributes.nothing = 'x'",
            "nothing.x = 'x'",
            "metrics.loss BETWEEN 1 AND 2",
            "metrics.loss = 1; drop table runs",
            "params.lr = '0.1",
            "status IN ()",
            "attributes.start_time = 'abc'",
        ):
            with self.subTest(bad), self.refused("INVALID_PARAMETER_VALUE"):
                self.client.search_runs([self.place], bad)
        for bad in ("nothing.x", "metrics.loss UPWARDS", "attributes.nothing", "metrics.a b c"):
            with self.subTest(bad), self.refused("INVALID_PARAMETER_VALUE"):
                self.client.search_runs([self.place], order_by=[bad])

    def test_hostile_texts(self):
        for text in ("' OR 1=1 --", "\\", "%", "_", "$1", "{}", "é" * 1000):
            quoted = f'"{text}"'
            with self.subTest(text):
                self.assertEqual(self.found(f"params.lr = {quoted}"), [])

    def test_orders(self):
        """Who lacks the key comes last both ways; NaN after the numbers."""
        for order, expected in (
            (["metrics.rank ASC"], "cäsar Anna bert|fritz dora emil"),
            (["metrics.rank"], "cäsar Anna bert|fritz dora emil"),
            (["metrics.rank DESC"], "bert|fritz Anna cäsar dora emil"),
            (["metrics.rank DESC", "start_time ASC"], "bert fritz Anna cäsar dora emil"),
            (["metrics.`a b` DESC", "start_time DESC"], "Anna fritz emil dora cäsar bert"),
            (["params.lr ASC", "start_time"], "bert Anna cäsar fritz dora emil"),
            (["params.lr DESC", "start_time"], "fritz Anna cäsar bert dora emil"),
            (["tags.x.y asc", "start_time desc"], "bert fritz emil dora cäsar Anna"),
            (["attributes.start_time DESC"], "fritz emil dora cäsar bert Anna"),
            (["created ASC"], "Anna bert cäsar dora emil fritz"),
            (["attributes.end_time DESC"], "fritz emil dora bert Anna cäsar"),
            (["attributes.status ASC", "start_time ASC"], "bert Anna emil dora cäsar fritz"),
            (["status DESC", "metrics.rank ASC"], "fritz cäsar dora Anna emil bert"),
            ([], "fritz emil dora cäsar bert Anna"),
        ):
            with self.subTest(order):
                found = self.found(order_by=order)
                for group in expected.split():
                    here = group.split("|")
                    self.assertEqual(set(found[: len(here)]), set(here), expected)
                    found = found[len(here) :]
                self.assertEqual(found, [])

    def test_pages(self):
        for order in ([], ["metrics.rank DESC"], ["params.lr ASC"], ["attributes.status"], ["tags.team DESC"]):
            whole = self.found(order_by=order)
            for size in (1, 2, 4, 6, 7):
                with self.subTest(order=order, size=size):
                    found, sizes = pages(
                        lambda token: self.client.search_runs(
                            [self.place], "", max_results=size, order_by=order, page_token=token
                        )
                    )
                    self.assertEqual([self.ids[r.info.run_id] for r in found], whole)
                    self.assertEqual(sizes[:-1], [size] * (len(sizes) - 1))

    def test_limits(self):
        with self.refused("INVALID_PARAMETER_VALUE", "max_results"):
            self.client.search_runs([self.place], max_results=50001)
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client.search_runs([self.place], page_token="garbage")
        body = {"experiment_ids": [self.place], "max_results": 0}
        self.assertEqual(call("POST", "/runs/search", body)[0], 400)
        status, said = call("POST", "/runs/search", {"experiment_ids": ["987654321"]})
        self.assertEqual((status, said.get("runs", [])), (200, []))

    def test_several_experiments(self):
        other = self.experiment()
        id = self.run_in(other)
        found = self.client.search_runs([self.place, other], run_view_type=ViewType.ALL)
        self.assertEqual({r.info.run_id for r in found}, {id, *self.ids})

    def test_everything_is_in_the_answer(self):
        (run,) = self.client.search_runs([self.place], "attributes.run_name = 'Anna'")
        self.assertEqual(run.data.metrics, {"loss": 0.5, "rank": 0.5, "a b": 1})
        self.assertEqual(run.data.params, {"lr": "0.1", "model/kind": "tree"})
        self.assertEqual((run.data.tags["team"], run.info.status, run.info.end_time), ("Fraud", "FINISHED", 1500))


class Many(Tracking):
    def test_a_thousand(self):
        """More than a page, as data frames ask for them."""
        place = self.experiment()
        made = []
        for i in range(1001):
            made.append(self.client.create_run(place, start_time=i // 10).info.run_id)
        found, sizes = pages(lambda token: self.client.search_runs([place], page_token=token, max_results=300))
        self.assertEqual(sizes, [300, 300, 300, 101])
        ids = [r.info.run_id for r in found]
        self.assertEqual(len(set(ids)), 1001)
        starts = [r.info.start_time for r in found]
        self.assertEqual(starts, sorted(starts, reverse=True))
        same = [r.info.run_id for r in found if r.info.start_time == 50]
        self.assertEqual(same, sorted(same))
