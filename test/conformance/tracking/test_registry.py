"""Registered models: versions, aliases, tags, stages, searches."""

import time

import mlflow
from mlflow.exceptions import MlflowException

from tracked import Tracking, call, defect, fresh, pages


class Registered(Tracking):
    def model(self, **options):
        name = fresh("model")
        self.client.create_registered_model(name, **options)
        return name

    def version(self, name, source="s3://bucket/model", **options):
        return self.client.create_model_version(name, source, **options).version


class Models(Registered):
    def test_create_get_update(self):
        name = fresh("Größe 日本")
        made = self.client.create_registered_model(name, tags={"a": "1", "ü": ""}, description="first")
        found = self.client.get_registered_model(name)
        for model in (made, found):
            self.assertEqual((model.name, model.description, model.tags), (name, "first", {"a": "1", "ü": ""}))
        self.assertEqual((found.latest_versions, found.aliases), ([], {}))
        time.sleep(0.01)
        self.client.update_registered_model(name, "second")
        changed = self.client.get_registered_model(name)
        self.assertEqual(changed.description, "second")
        self.assertEqual(changed.creation_timestamp, found.creation_timestamp)
        self.assertGreater(changed.last_updated_timestamp, found.last_updated_timestamp)
        with self.refused("RESOURCE_ALREADY_EXISTS", "already exists"):
            self.client.create_registered_model(name)

    def test_names(self):
        for bad in ("", "  ", "a/b", "a:b"):
            status, said = call("POST", "/registered-models/create", {"name": bad})
            self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"), bad)
        self.assertEqual(call("POST", "/registered-models/create", {})[0], 400)

    def test_tags(self):
        name = self.model()
        self.client.set_registered_model_tag(name, "k", "one")
        self.client.set_registered_model_tag(name, "k", "two")
        self.client.set_registered_model_tag(name, "long", "x" * 100_000)
        self.assertEqual(self.client.get_registered_model(name).tags["k"], "two")
        self.client.delete_registered_model_tag(name, "k")
        self.client.delete_registered_model_tag(name, "never there")
        self.assertEqual(set(self.client.get_registered_model(name).tags), {"long"})
        for key, value in (("k" * 251, "v"), ("k", "x" * 100_001)):
            with self.refused("INVALID_PARAMETER_VALUE"):
                self.client.set_registered_model_tag(name, key, value)

    def test_rename(self):
        name = self.model(tags={"a": "1"})
        version = self.version(name)
        self.client.set_registered_model_alias(name, "best", version)
        self.client.set_model_version_tag(name, version, "t", "1")
        other = fresh("model")
        self.client.rename_registered_model(name, other)
        with self.refused("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_registered_model(name)
        moved = self.client.get_registered_model(other)
        self.assertEqual((moved.tags, moved.aliases), ({"a": "1"}, {"best": version}))
        self.assertEqual(self.client.get_model_version(other, version).tags, {"t": "1"})
        self.assertEqual(self.client.get_model_version_by_alias(other, "best").version, version)
        with self.refused("RESOURCE_ALREADY_EXISTS"):
            self.client.rename_registered_model(other, self.model())

    def test_delete(self):
        name = self.model(tags={"a": "1"})
        self.client.set_registered_model_alias(name, "best", self.version(name))
        self.client.delete_registered_model(name)
        for ask in (
            lambda: self.client.get_registered_model(name),
            lambda: self.client.get_model_version(name, "1"),
            lambda: self.client.delete_registered_model(name),
            lambda: self.version(name),
        ):
            with self.refused("RESOURCE_DOES_NOT_EXIST"):
                ask()
        self.client.create_registered_model(name)
        self.assertEqual(self.client.get_registered_model(name).tags, {})
        self.assertEqual(self.version(name), "1")

    def test_not_there(self):
        for ask in (
            lambda: self.client.get_registered_model("nobody"),
            lambda: self.client.update_registered_model("nobody", "x"),
            lambda: self.client.rename_registered_model("nobody", "x"),
            lambda: self.client.set_registered_model_tag("nobody", "k", "v"),
            lambda: self.client.get_latest_versions("nobody"),
        ):
            with self.refused("RESOURCE_DOES_NOT_EXIST", "nobody"):
                ask()


class Versions(Registered):
    def test_create_and_get(self):
        name, run = self.model(), self.new_run()
        made = self.client.create_model_version(
            name, f"runs:/{run}/model", run_id=run, tags={"t": "1"}, run_link="https://host/run", description="d"
        )
        found = self.client.get_model_version(name, "1")
        for version in (made, found):
            self.assertEqual((version.name, version.version, version.status), (name, "1", "READY"))
            self.assertEqual((version.run_id, version.run_link, version.description), (run, "https://host/run", "d"))
            self.assertEqual((version.tags, version.current_stage), ({"t": "1"}, "None"))
        self.assertEqual(made.source, f"runs:/{run}/model")
        place = self.client.get_model_version_download_uri(name, "1")
        self.assertIn(place, (made.source, f"{self.client.get_run(run).info.artifact_uri}/model"))
        self.client.update_model_version(name, "1", "other")
        self.assertEqual(self.client.get_model_version(name, "1").description, "other")
        self.client.set_model_version_tag(name, "1", "t", "2")
        self.client.set_model_version_tag(name, "1", "u", "3")
        self.client.delete_model_version_tag(name, "1", "u")
        self.assertEqual(self.client.get_model_version(name, "1").tags, {"t": "2"})

    def test_numbers_are_not_used_again(self):
        name = self.model()
        self.assertEqual([self.version(name) for _ in range(3)], ["1", "2", "3"])
        self.client.delete_model_version(name, "2")
        self.assertEqual(self.version(name), "4")
        self.assertEqual([v.version for v in self.client.get_latest_versions(name)], ["4"])
        for ask in (
            lambda: self.client.get_model_version(name, "2"),
            lambda: self.client.get_model_version_download_uri(name, "2"),
            lambda: self.client.delete_model_version(name, "2"),
            lambda: self.client.update_model_version(name, "2", "x"),
            lambda: self.client.set_model_version_tag(name, "2", "k", "v"),
        ):
            with self.refused("RESOURCE_DOES_NOT_EXIST"):
                ask()
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client.get_model_version(name, "one")

    def test_local_sources(self):
        name, run = self.model(), self.new_run()
        for source in ("file:///etc", "/etc/passwd", "file:///tmp/../etc", "s3://b/a/../../x", "s3://b/%2e%2e/x"):
            for extra in ({}, {"run_id": run}):
                body = {"name": name, "source": source, **extra}
                status, said = call("POST", "/model-versions/create", body)
                self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"), source)

    def test_aliases(self):
        name = self.model()
        one, two = self.version(name), self.version(name)
        self.client.set_registered_model_alias(name, "best", one)
        self.client.set_registered_model_alias(name, "Canary_1-x", one)
        self.client.set_registered_model_alias(name, "best", two)
        self.assertEqual(self.client.get_registered_model(name).aliases, {"best": two, "Canary_1-x": one})
        self.assertEqual(self.client.get_model_version_by_alias(name, "best").version, two)
        self.assertEqual(self.client.get_model_version(name, one).aliases, ["Canary_1-x"])
        self.client.delete_registered_model_alias(name, "best")
        self.client.delete_registered_model_alias(name, "best")
        with self.refused("INVALID_PARAMETER_VALUE", "alias best not found"):
            self.client.get_model_version_by_alias(name, "best")
        for bad in ("latest", "Latest", "v1", "V22", "a b", "", "x" * 256, "a/b"):
            status, said = call("POST", "/registered-models/alias", {"name": name, "alias": bad, "version": "1"})
            self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"), bad)
        with self.refused("RESOURCE_DOES_NOT_EXIST"):
            self.client.set_registered_model_alias(name, "best", "99")

    @defect("the alias stays, and leads nowhere")
    def test_a_deleted_version_has_no_alias(self):
        name = self.model()
        self.client.set_registered_model_alias(name, "best", self.version(name))
        self.client.delete_model_version(name, "1")
        self.assertEqual(self.client.get_registered_model(name).aliases, {})
        with self.refused("INVALID_PARAMETER_VALUE", "best"):
            self.client.get_model_version_by_alias(name, "best")

    def test_stages(self):
        name = self.model()
        for _ in range(3):
            self.version(name)
        move = self.client.transition_model_version_stage
        self.assertEqual(move(name, "1", "production").current_stage, "Production")
        move(name, "2", "Staging")
        move(name, "3", "Production", archive_existing_versions=True)
        stages = [self.client.get_model_version(name, v).current_stage for v in ("1", "2", "3")]
        self.assertEqual(stages, ["Archived", "Staging", "Production"])
        latest = {v.current_stage: v.version for v in self.client.get_latest_versions(name)}
        self.assertEqual(latest, {"Archived": "1", "Staging": "2", "Production": "3"})
        found = self.client.get_latest_versions(name, ["production"])
        self.assertEqual([v.version for v in found], ["3"])
        with self.refused("INVALID_PARAMETER_VALUE"):
            move(name, "1", "Nonsense")

    @defect("500: clients try again for minutes")
    def test_a_stage_that_archives_nothing(self):
        name = self.model()
        self.version(name)
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client.transition_model_version_stage(name, "1", "None", archive_existing_versions=True)


class Search(Registered):
    @classmethod
    def setUpClass(cls):
        from mlflow import MlflowClient
        from tracked import URL

        client = MlflowClient(URL)
        cls.mark = f"r{time.time_ns()}"
        cls.key = client.create_run(client.create_experiment(fresh())).info.run_id
        for i, name in enumerate(("alpha", "Beta", "beta two", "gamma")):
            client.create_registered_model(f"{name} {cls.mark}", tags={"i": str(i), "mark": cls.mark})
            time.sleep(0.005)
        for i in range(5):
            run = cls.key if i % 2 else None
            tags = {"i": str(i), "mark": cls.mark}
            client.create_model_version(f"alpha {cls.mark}", f"s3://b/{cls.mark}/{i}", run_id=run, tags=tags)
            time.sleep(0.005)

    def models(self, clause, **options):
        found = self.client.search_registered_models(f"tags.mark = '{self.mark}'{clause}", **options)
        return [m.name.removesuffix(f" {self.mark}") for m in found]

    def versions(self, clause, **options):
        options = {"order_by": ["version_number ASC"], **options}
        found = self.client.search_model_versions(f"tags.mark = '{self.mark}'{clause}", **options)
        return [v.version for v in found]

    def test_models(self):
        for clause, expected in (
            (f" AND name = 'Beta {self.mark}'", {"Beta"}),
            (f" AND name != 'Beta {self.mark}'", {"alpha", "beta two", "gamma"}),
            (" AND name LIKE 'beta%'", {"beta two"}),
            (" and name ILIKE 'beta%'", {"Beta", "beta two"}),
            (" AND tags.i = '3'", {"gamma"}),
            (" AND tag.i != '3'", {"alpha", "Beta", "beta two"}),
            (" AND tags.`i` LIKE '%'", {"alpha", "Beta", "beta two", "gamma"}),
            (" AND tags.nothing ILIKE '%'", set()),
        ):
            with self.subTest(clause):
                self.assertEqual(set(self.models(clause)), expected)

    def test_orders_of_models(self):
        made = ["alpha", "Beta", "beta two", "gamma"]
        # Its versions came last.
        touched = made[1:] + made[:1]
        for key in ("timestamp", "last_updated_timestamp"):
            self.assertEqual(self.models("", order_by=[f"{key} ASC"]), touched)
            self.assertEqual(self.models("", order_by=[f"{key} DESC", "name ASC"]), touched[::-1])
        self.assertEqual(sorted(self.models("", order_by=["name"])), sorted(made))

    def test_pages_of_models(self):
        found, sizes = pages(
            lambda token: self.client.search_registered_models(
                f"tags.mark = '{self.mark}'", max_results=3, order_by=["name ASC"], page_token=token
            )
        )
        self.assertEqual(sizes, [3, 1])
        names = [m.name.removesuffix(f" {self.mark}") for m in found]
        self.assertEqual(sorted(names), ["Beta", "alpha", "beta two", "gamma"])

    def test_versions(self):
        name = f"alpha {self.mark}"
        for clause, expected in (
            ("", "12345"),
            (f" AND name = '{name}'", "12345"),
            (f" AND name LIKE 'alpha%' AND run_id = '{self.key}'", "24"),
            (f" AND run_id IN ('{self.key}', 'other')", "24"),
            (f" AND source_path = 's3://b/{self.mark}/3'", "4"),
            (" AND source_path LIKE 's3://b/%'", "12345"),
            (" AND version_number > 3", "45"),
            (" AND version_number <= 2", "12"),
            (" AND version_number != 2", "1345"),
            (" AND tags.i = '0'", "1"),
            (" AND tags.i != '0'", "2345"),
        ):
            with self.subTest(clause):
                self.assertEqual(self.versions(clause), list(expected))
        self.assertEqual(self.versions("", order_by=["version_number DESC"]), list("54321"))
        self.assertEqual(self.versions("", order_by=["creation_timestamp ASC"]), list("12345"))
        self.client.set_model_version_tag(name, "2", "touched", "1")
        self.client.update_model_version(name, "2", "touched")
        self.assertEqual(self.versions("", order_by=["last_updated_timestamp DESC"])[0], "2")

    def test_pages_of_versions(self):
        found, sizes = pages(
            lambda token: self.client.search_model_versions(
                f"tags.mark = '{self.mark}'", max_results=2, order_by=["version_number ASC"], page_token=token
            )
        )
        self.assertEqual(sizes, [2, 2, 1])
        self.assertEqual([v.version for v in found], list("12345"))

    @defect("search leaves the aliases out")
    def test_versions_say_their_aliases(self):
        name = f"alpha {self.mark}"
        self.client.set_registered_model_alias(name, "best", "3")
        found = self.client.search_model_versions(f"name = '{name}' AND version_number = 3")
        self.assertEqual(found[0].aliases, ["best"])

    def test_refused(self):
        for bad in ("name == 'a'", "name > 'a'", "nothing = 'a'", "name = 'a' OR name = 'b'", "name = a", "tags.i > '1'"):
            with self.subTest(bad), self.refused("INVALID_PARAMETER_VALUE"):
                self.client.search_registered_models(bad)
            with self.subTest(bad), self.refused("INVALID_PARAMETER_VALUE"):
                self.client.search_model_versions(bad)
        for search in (self.client.search_registered_models, self.client.search_model_versions):
            with self.refused("INVALID_PARAMETER_VALUE"):
                search("", order_by=["nothing ASC"])
            with self.refused("INVALID_PARAMETER_VALUE"):
                search("", page_token="garbage")
        with self.refused("INVALID_PARAMETER_VALUE"):
            self.client.search_registered_models(max_results=1001)


class Fluent(Registered):
    def test_register_model(self):
        with mlflow.start_run(experiment_id=self.experiment()) as run:
            mlflow.log_dict({"flavors": {}}, "model/MLmodel")
        name = fresh("model")
        for expected in (1, 2):
            version = mlflow.register_model(f"runs:/{run.info.run_id}/model", name, tags={"t": "1"})
            self.assertEqual((int(version.version), version.tags), (expected, {"t": "1"}))
        with self.assertRaises(MlflowException):
            mlflow.artifacts.download_artifacts(f"models:/{name}/9")
        path = mlflow.artifacts.download_artifacts(f"models:/{name}/2")
        with open(f"{path}/MLmodel") as file:
            self.assertIn("flavors", file.read())
