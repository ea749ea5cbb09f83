"""Experiments: made, found, renamed, deleted and brought back."""

import time

from mlflow.entities import ExperimentTag, ViewType

from tracked import Tracking, call, defect, fresh, pages


class Life(Tracking):
    def test_default(self):
        default = self.client.get_experiment("0")
        self.assertEqual((default.name, default.lifecycle_stage), ("Default", "active"))
        self.assertEqual(self.client.get_experiment_by_name("Default").experiment_id, "0")

    def test_create_and_get(self):
        name, before = fresh("Größe 日本 🦊 ' \" %"), int(time.time() * 1000)
        made = self.client.create_experiment(name, tags={"team": "fraud", "ключ": "значение", "empty": ""})
        self.assertRegex(made, r"^\d+$")
        for found in (self.client.get_experiment(made), self.client.get_experiment_by_name(name)):
            self.assertEqual((found.experiment_id, found.name, found.lifecycle_stage), (made, name, "active"))
            self.assertEqual(found.tags, {"team": "fraud", "ключ": "значение", "empty": ""})
            self.assertEqual(found.artifact_location, f"mlflow-artifacts:/{made}")
            self.assertLessEqual(before - 1000, found.creation_time)
            self.assertEqual(found.creation_time, found.last_update_time)

    def test_artifact_location(self):
        made = self.experiment(artifact_location="s3://bucket/some/where")
        self.assertEqual(self.client.get_experiment(made).artifact_location, "s3://bucket/some/where")
        run = self.client.create_run(made)
        self.assertEqual(run.info.artifact_uri, f"s3://bucket/some/where/{run.info.run_id}/artifacts")
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.experiment(artifact_location="s3://bucket/a#b")

    def test_names(self):
        name = fresh()
        made = self.client.create_experiment(name)
        with self.refused("RESOURCE_ALREADY_EXISTS", "already exists"):
            self.client.create_experiment(name)
        self.client.delete_experiment(made)
        with self.refused("RESOURCE_ALREADY_EXISTS"):
            self.client.create_experiment(name)
        self.client.restore_experiment(made)
        self.client.rename_experiment(made, f"{name} again")
        self.assertEqual(self.client.get_experiment(made).name, f"{name} again")
        self.assertIsNone(self.client.get_experiment_by_name(name))

    @defect("BAD_REQUEST, with the SQL")
    def test_a_name_taken_is_not_given(self):
        one, other = self.experiment(), self.experiment()
        with self.refused("RESOURCE_ALREADY_EXISTS", "^(?!.*(UPDATE|sql))"):
            self.client.rename_experiment(other, self.client.get_experiment(one).name)

    def test_names_by_hand(self):
        for body, words in (
            ({}, "Missing value for required parameter 'name'"),
            ({"name": ""}, "."),
            ({"name": 12}, r"Invalid value 12 for parameter 'name'"),
            ({"name": "n" * 501}, "500"),
        ):
            with self.subTest(words):
                status, said = call("POST", "/experiments/create", body)
                self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
                self.assertRegex(said["message"], words)

    @defect("tags given to a new experiment have no limits")
    def test_limits_of_first_tags(self):
        for tag, words in (({"k" * 251: "v"}, "250"), ({"k": "v" * 5001}, "5000")):
            with self.refused("INVALID_PARAMETER_VALUE", words):
                self.experiment(tags=tag)

    def test_not_there(self):
        self.assertIsNone(self.client.get_experiment_by_name("nobody's"))
        for ask in (
            lambda: self.client.get_experiment("987654321"),
            lambda: self.client.delete_experiment("987654321"),
            lambda: self.client.create_run("987654321"),
            lambda: self.client.set_experiment_tag("987654321", "k", "v"),
        ):
            with self.refused("RESOURCE_DOES_NOT_EXIST", "987654321"):
                ask()
        self.assertEqual(call("GET", "/experiments/get?experiment_id=987654321")[0], 404)

    def test_delete_and_restore(self):
        made = self.experiment()
        runs = [self.run_in(made) for _ in range(3)]
        self.client.delete_run(runs[0])
        self.client.delete_experiment(made)
        self.assertEqual(self.client.get_experiment(made).lifecycle_stage, "deleted")
        self.assertEqual([self.client.get_run(r).info.lifecycle_stage for r in runs], ["deleted"] * 3)
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client.create_run(made)
        self.client.restore_experiment(made)
        self.assertEqual(self.client.get_experiment(made).lifecycle_stage, "active")
        self.assertEqual(self.client.get_run(runs[2]).info.lifecycle_stage, "active")
        self.client.create_run(made)

    @defect("INVALID_STATE is 500: clients try again for minutes")
    def test_a_deleted_one_is_not_renamed(self):
        made = self.experiment()
        self.client.delete_experiment(made)
        status, said = call("POST", "/experiments/update", {"experiment_id": made, "new_name": fresh()})
        self.assertEqual(status, 400, said)

    def test_tags(self):
        made = self.experiment()
        self.client.set_experiment_tag(made, "stage", "one")
        self.client.set_experiment_tag(made, "stage", "two\nlines")
        self.client.set_experiment_tag(made, "empty", "")
        self.client.set_experiment_tag(made, "number", 12)
        self.assertEqual(
            self.client.get_experiment(made).tags, {"stage": "two\nlines", "empty": "", "number": "12"}
        )
        self.client.delete_experiment_tag(made, "stage")
        self.assertNotIn("stage", self.client.get_experiment(made).tags)
        with self.refused("RESOURCE_DOES_NOT_EXIST"):
            self.client.delete_experiment_tag(made, "stage")


class Search(Tracking):
    @classmethod
    def setUpClass(cls):
        from mlflow import MlflowClient
        from tracked import URL

        cls.mark = f"m{time.time_ns()}"
        client = MlflowClient(URL)
        cls.made = {}
        for i, name in enumerate(("alpha", "Beta", "beta two", "gamma_x", "gammaZx")):
            tags = {"mark": cls.mark, "i": str(i), "only alpha": "x" if i == 0 else "y"}
            if i == 0:
                del tags["i"]
            cls.made[name] = client.create_experiment(f"{name} {cls.mark}", tags=tags)
            time.sleep(0.005)

    def found(self, clause, **options):
        filter_string = f"tags.mark = '{self.mark}'" + (f" AND {clause}" if clause else "")
        found = self.client.search_experiments(filter_string=filter_string, **options)
        return [e.name.removesuffix(f" {self.mark}") for e in found]

    def test_filters(self):
        at = {n: self.client.get_experiment(i).creation_time for n, i in self.made.items()}
        mark = self.mark
        everybody = list(self.made)
        for clause, expected in (
            (f"name = 'Beta {mark}'", ["Beta"]),
            (f"attribute.name = 'Beta {mark}'", ["Beta"]),
            (f"name != 'Beta {mark}'", ["alpha", "beta two", "gamma_x", "gammaZx"]),
            ("name LIKE 'beta%'", ["beta two"]),
            ("name ILIKE 'beta%'", ["Beta", "beta two"]),
            (r"name LIKE 'gamma_x%'", ["gamma_x", "gammaZx"]),
            (f"creation_time = {at['Beta']}", ["Beta"]),
            (f"creation_time != {at['Beta']}", ["alpha", "beta two", "gamma_x", "gammaZx"]),
            (f"creation_time > {at['Beta']}", ["beta two", "gamma_x", "gammaZx"]),
            (f"creation_time >= {at['Beta']}", ["Beta", "beta two", "gamma_x", "gammaZx"]),
            (f"creation_time < {at['Beta']}", ["alpha"]),
            (f"creation_time <= {at['Beta']}", ["alpha", "Beta"]),
            (f"last_update_time <= {at['Beta']}", ["alpha", "Beta"]),
            ("tags.i = '3'", ["gamma_x"]),
            ("tag.i != '3'", ["Beta", "beta two", "gammaZx"]),
            ("tags.i LIKE '%'", ["Beta", "beta two", "gamma_x", "gammaZx"]),
            ("tags.i IS NULL", ["alpha"]),
            ("tags.i IS NOT NULL", everybody[1:]),
            ("tags.`only alpha` = 'x'", ["alpha"]),
            ("tags.\"only alpha\" ILIKE 'X'", ["alpha"]),
            (f"tags.i != '1' and name ILIKE 'beta%' AND creation_time > {at['alpha']}", ["beta two"]),
        ):
            with self.subTest(clause):
                self.assertEqual(self.found(clause, order_by=["experiment_id ASC"]), expected)

    def test_orders(self):
        for order, expected in (
            (["name"], sorted(self.made)),
            (["name DESC"], sorted(self.made, reverse=True)),
            (["creation_time ASC"], list(self.made)),
            (["last_update_time DESC", "name"], list(self.made)[::-1]),
            (["experiment_id DESC"], list(self.made)[::-1]),
            (None, list(self.made)[::-1]),
        ):
            with self.subTest(order):
                found = self.found("", order_by=order)
                same = sorted if order and order[0].startswith("name") else list
                # Databases differ in how they order capitals.
                if same is sorted:
                    self.assertEqual(sorted(found), sorted(expected))
                    lower = [name.lower() for name in found]
                    up = sorted(lower, reverse="DESC" in order[0])
                    self.assertIn(found, (expected, [n for l in up for n in found if n.lower() == l]))
                else:
                    self.assertEqual(found, expected)

    def test_pages(self):
        for size, sizes in ((2, [2, 2, 1]), (5, [5]), (3, [3, 2])):
            found, got = pages(
                lambda token: self.client.search_experiments(
                    filter_string=f"tags.mark = '{self.mark}'",
                    max_results=size,
                    order_by=["creation_time DESC"],
                    page_token=token,
                )
            )
            self.assertEqual(got, sizes)
            self.assertEqual([e.experiment_id for e in found], list(self.made.values())[::-1])

    def test_view_types(self):
        mark = f"v{time.time_ns()}"
        ids = [self.experiment(tags={"mark": mark}) for _ in range(2)]
        self.client.delete_experiment(ids[0])
        for view, expected in (
            (ViewType.ACTIVE_ONLY, {ids[1]}),
            (ViewType.DELETED_ONLY, {ids[0]}),
            (ViewType.ALL, set(ids)),
        ):
            found = self.client.search_experiments(view, filter_string=f"tags.mark = '{mark}'")
            self.assertEqual({e.experiment_id for e in found}, expected)

    def test_refused(self):
        for bad in (
            "name == 'a'",
            "name = a",
            "nothing = 'a'",
            "creation_time = 'a'",
            "creation_time LIKE '1%'",
            "name = 'a' OR name = 'b'",
            "name > 'a'",
            "name = 'a'; drop table experiments",
            "(name = 'a')",
        ):
            with self.subTest(bad), self.refused("INVALID_PARAMETER_VALUE"):
                self.client.search_experiments(filter_string=bad)
        for order in ("nothing ASC", "name UP", "tags.i ASC"):
            with self.subTest(order), self.refused("INVALID_PARAMETER_VALUE"):
                self.client.search_experiments(order_by=[order])
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client.search_experiments(max_results=0)
        with self.refused("INVALID_PARAMETER_VALUE", "50000"):
            self.client.search_experiments(max_results=50001)
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client.search_experiments(page_token="garbage")

    @defect("max_results must be given")
    def test_without_max_results(self):
        self.assertEqual(call("POST", "/experiments/search", {})[0], 200)
