"""Artifacts through the proxy: names of all shapes, large files, what is not there."""

import contextlib
import hashlib
import os
import pathlib
import tempfile
import threading
import unittest
import urllib.parse

import mlflow
import numpy as np
import pandas as pd
import requests
import urllib3
from mlflow.exceptions import MlflowException

from tracked import CONTROL, PID, SCRATCH, SLOW, URL, Tracking, call, defect

PROXY = f"{URL}/api/2.0/mlflow-artifacts/artifacts"
MB = 2**20
GIGABYTE = 1024 * MB


def paths(client, run, path=None):
    return {f.path: (f.is_dir, f.file_size) for f in client.list_artifacts(run, path)}


class Files(Tracking):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.key = self.new_run()

    def file(self, name, content=b"content"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    # MLflow leaves a size of nothing out.
    empty = None if CONTROL else 0

    def test_round_trip(self):
        self.client.log_artifact(self.key, self.file("a.txt", b"hello"))
        self.client.log_artifact(self.key, self.file("empty.bin", b""), "deep/er")
        self.file("tree/one.txt", b"1")
        self.file("tree/sub/two.txt", b"22")
        self.client.log_artifacts(self.key, str(self.folder / "tree"), "tree")
        self.assertEqual(
            paths(self.client, self.key), {"a.txt": (False, 5), "deep": (True, None), "tree": (True, None)}
        )
        self.assertEqual(
            paths(self.client, self.key, "tree"), {"tree/one.txt": (False, 1), "tree/sub": (True, None)}
        )
        self.assertEqual(paths(self.client, self.key, "deep/er"), {"deep/er/empty.bin": (False, self.empty)})
        self.assertEqual(paths(self.client, self.key, "a.txt"), {})
        self.assertEqual(paths(self.client, self.key, "nothing"), {})
        for path, content in {"a.txt": b"hello", "deep/er/empty.bin": b"", "tree/sub/two.txt": b"22"}.items():
            self.assertEqual(pathlib.Path(self.client.download_artifacts(self.key, path)).read_bytes(), content)
        whole = pathlib.Path(self.client.download_artifacts(self.key, ""))
        found = {str(p.relative_to(whole)) for p in whole.rglob("*") if p.is_file()}
        self.assertEqual(found, {"a.txt", "deep/er/empty.bin", "tree/one.txt", "tree/sub/two.txt"})

    def test_replaced(self):
        self.client.log_artifact(self.key, self.file("a.txt", b"one"))
        self.client.log_artifact(self.key, self.file("a.txt", b"twice"))
        self.assertEqual(pathlib.Path(self.client.download_artifacts(self.key, "a.txt")).read_bytes(), b"twice")
        self.assertEqual(paths(self.client, self.key), {"a.txt": (False, 5)})

    def test_names(self):
        names = ["with space.txt", "plus+and&.txt", "quote'\".txt", ".hidden", "a=b;c,d.txt"]
        for i, name in enumerate(names):
            self.client.log_artifact(self.key, self.file(name, str(i).encode()), "dir with space")
        self.assertEqual(
            paths(self.client, self.key, "dir with space"),
            {f"dir with space/{name}": (False, 1) for name in names},
        )
        for i, name in enumerate(names):
            with self.subTest(name):
                path = self.client.download_artifacts(self.key, f"dir with space/{name}")
                self.assertEqual(pathlib.Path(path).read_text(), str(i))

    @defect("stored, but not given back")
    def test_a_name_beyond_latin_1(self):
        self.client.log_artifact(self.key, self.file("ünï 日本 🦊.txt", b"x"), "größe")
        self.assertEqual(set(paths(self.client, self.key, "größe")), {"größe/ünï 日本 🦊.txt"})
        path = self.client.download_artifacts(self.key, "größe/ünï 日本 🦊.txt")
        self.assertEqual(pathlib.Path(path).read_bytes(), b"x")

    @defect("refused: Invalid path")
    def test_signs_that_urls_need(self):
        """MLflow's client does not encode # and % in names, and lists no #; who encodes them is understood."""
        root = self.client.get_run(self.key).info.artifact_uri.removeprefix("mlflow-artifacts:/")
        for i, name in enumerate(("a b#1.txt", "a b#2.txt", "100%.txt", "a%41.txt", "what?.txt")):
            at = f"{PROXY}/{root}/{urllib.parse.quote(name)}"
            requests.put(at, data=str(i).encode(), timeout=120).raise_for_status()
            self.assertEqual(requests.get(at, timeout=120).text, str(i))
        files = requests.get(PROXY, params={"path": root}, timeout=120).json()["files"]
        self.assertIn({"path": "a b#2.txt", "is_dir": False, "file_size": 1}, files)
        self.assertEqual(len(files), 5)

    def test_what_the_fluent_calls_log(self):
        mlflow.set_experiment(experiment_id=self.client.get_run(self.key).info.experiment_id)
        with mlflow.start_run(run_id=self.key):
            mlflow.log_text("grüße", "notes/text.txt")
            mlflow.log_dict({"a": [1, 2.5, None]}, "notes/dict.json")
            mlflow.log_dict({"a": "ü"}, "notes/dict.yaml")
            mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), "black.png")
            mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), key="dog", step=3)
            mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "table.json")
            mlflow.log_table(pd.DataFrame({"q": ["c"], "n": [3]}), "table.json")
            from matplotlib.figure import Figure

            figure = Figure()
            figure.subplots().plot([1, 2])
            mlflow.log_figure(figure, "figure.png")
        root = f"runs:/{self.key}"
        self.assertEqual(mlflow.artifacts.load_text(f"{root}/notes/text.txt"), "grüße")
        self.assertEqual(mlflow.artifacts.load_dict(f"{root}/notes/dict.json"), {"a": [1, 2.5, None]})
        self.assertEqual(mlflow.artifacts.load_image(f"{root}/black.png").size, (8, 8))
        self.assertEqual(len(paths(self.client, self.key, "images")), 2)
        table = mlflow.load_table("table.json", run_ids=[self.key])
        self.assertEqual(list(table["n"]), [1, 2, 3])
        tags = self.client.get_run(self.key).data.tags
        self.assertEqual(tags["mlflow.loggedImages"].lower(), "true")
        self.assertIn("table.json", tags["mlflow.loggedArtifacts"])

    def test_delete(self):
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        self.client.log_artifact(self.key, self.file("a.txt"), "d/e")
        self.client.log_artifact(self.key, self.file("b.txt"), "d")
        repository = get_artifact_repository(self.client.get_run(self.key).info.artifact_uri)
        repository.delete_artifacts("d/e")
        self.assertEqual(set(paths(self.client, self.key, "d")), {"d/b.txt"})
        repository.delete_artifacts("d/b.txt")
        self.assertEqual(paths(self.client, self.key, "d"), {})

    def test_headers(self):
        for name, type in (("a.txt", "text/plain"), ("MLmodel", "text/plain"), ("m.pkl", "application/octet-stream"), ("c.png", "image/png"), ("x.html", "text/html"), ("d.json", "text/plain")):
            self.client.log_artifact(self.key, self.file(name))
            root = self.client.get_run(self.key).info.artifact_uri.removeprefix("mlflow-artifacts:/")
            for at in (f"{PROXY}/{root}/{name}", f"{URL}/get-artifact?run_id={self.key}&path={name}"):
                with self.subTest(at):
                    answer = requests.get(at, timeout=120)
                    self.assertEqual((answer.status_code, answer.content), (200, b"content"))
                    self.assertEqual(answer.headers["Content-Type"].split(";")[0], type)
                    self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
                    self.assertIn(f"attachment; filename={name}", answer.headers["Content-Disposition"].replace('"', ""))

    def test_ways_out_of_the_folder(self):
        secret = pathlib.Path(SCRATCH) / "secret.txt"
        secret.write_text("secret")
        for path in (
            "../secret.txt",
            "..%2f..%2fsecret.txt",
            "a/%2e%2e/%2e%2e/%2e%2e/secret.txt",
            "%252e%252e%252f%252e%252e%252fsecret.txt",
        ):
            for method in ("GET", "PUT", "DELETE"):
                with self.subTest(path=path, method=method):
                    request = requests.Request(method, PROXY, data=b"x" if method == "PUT" else None).prepare()
                    request.url = f"{PROXY}/{path}"
                    with requests.Session() as session:
                        answer = session.send(request, timeout=120)
                    self.assertIn(answer.status_code, (400, 404))
                    self.assertNotIn("secret\n", answer.text)
                    self.assertNotIn(SCRATCH, answer.text)
        self.assertEqual(secret.read_text(), "secret")
        for path in ("../x", "/etc", "a/../../x"):
            answer = requests.get(PROXY, params={"path": path}, timeout=120)
            self.assertEqual(answer.status_code, 400)
            query = urllib.parse.urlencode({"run_id": self.key, "path": path})
            status, said = call("GET", f"/artifacts/list?{query}")
            self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
            self.assertIn("Invalid path", said["message"])

    @defect("taken, and cleaned")
    def test_paths_that_are_none(self):
        for path in ("%2fetc%2fpasswd", "a%5c..%5c..%5csecret.txt", "c:%5cx"):
            for method in ("GET", "PUT", "DELETE"):
                with self.subTest(path=path, method=method):
                    body = b"x" if method == "PUT" else None
                    answer = requests.request(method, f"{PROXY}/{path}", data=body, timeout=120)
                    self.assertIn(answer.status_code, (400, 404))


class NotThere(Tracking):
    @defect("500: clients try again for minutes")
    def test_a_missing_file_is_404(self):
        id = self.new_run()
        root = self.client.get_run(id).info.artifact_uri.removeprefix("mlflow-artifacts:/")
        for at in (f"{PROXY}/{root}/nothing.txt", f"{PROXY}/nobody/nothing.txt", f"{URL}/get-artifact?run_id={id}&path=nothing.txt"):
            answer = requests.get(at, timeout=120)
            self.assertEqual((answer.status_code, answer.json()["error_code"]), (404, "RESOURCE_DOES_NOT_EXIST"))

    @defect("takes four minutes", stalls=True)
    def test_who_asks_for_a_missing_file_is_told_at_once(self):
        """With the client's own patience, not that of these tests: it asks once, and never again."""
        id = self.new_run()
        with usual_patience() as asked_again:
            for ask in (
                lambda: mlflow.artifacts.download_artifacts(f"runs:/{id}/nothing.txt"),
                lambda: mlflow.pyfunc.load_model(f"runs:/{id}/nothing"),
                lambda: mlflow.artifacts.load_text(f"runs:/{id}/nothing.txt"),
            ):
                with self.assertRaises((MlflowException, OSError)):
                    ask()
        self.assertEqual(asked_again, [])


@contextlib.contextmanager
def usual_patience():
    """The client tries again as often as it does by itself. Yields the requests that it repeated."""
    few = os.environ.pop("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    repeated, increment = [], urllib3.Retry.increment

    def noted(self, method=None, url=None, *args, **options):
        repeated.append((method, url))
        return increment(self, method, url, *args, **options)

    urllib3.Retry.increment = noted
    try:
        yield repeated
    finally:
        urllib3.Retry.increment = increment
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = few


class Peak:
    """The most memory the server had in use, seen 50 times a second."""

    def __enter__(self):
        self.first = self.most = self.now()
        self.over = threading.Event()
        self.watch = threading.Thread(target=self.look)
        self.watch.start()
        return self

    def now(self):
        status = pathlib.Path(f"/proc/{PID}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def look(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, self.now())

    def __exit__(self, *_):
        self.over.set()
        self.watch.join()
        self.grown = self.most - self.first


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@SLOW
@unittest.skipIf(CONTROL, "takes minutes")
class Large(Tracking):
    """A gigabyte up and down. The server must not hold it."""

    @classmethod
    def setUpClass(cls):
        cls.path = os.path.join(SCRATCH, "large.bin")
        block = np.random.default_rng(1).bytes(MB)
        with open(cls.path, "wb") as file:
            for i in range(GIGABYTE // MB):
                file.write(i.to_bytes(8, "little") + block[8:])
        cls.digest = digest(cls.path)

    @classmethod
    def tearDownClass(cls):
        os.remove(cls.path)

    def there_and_back(self):
        id = self.new_run()
        with Peak() as peak, tempfile.TemporaryDirectory(dir=SCRATCH) as back:
            self.client.log_artifact(id, self.path, "big")
            self.assertEqual(paths(self.client, id, "big"), {"big/large.bin": (False, GIGABYTE)})
            path = self.client.download_artifacts(id, "big/large.bin", back)
            self.assertEqual(digest(path), self.digest)
        self.assertLess(peak.grown, 300 * MB)

    def test_in_one_piece(self):
        self.there_and_back()

    def test_in_parts(self):
        os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "true"
        try:
            self.there_and_back()
        finally:
            del os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"]

    def test_parts_given_up(self):
        """By hand, as the client does it: parts in any order; one that was given up leaves nothing."""
        root = f"{URL}/api/2.0/mlflow-artifacts/mpu"
        run = self.client.get_run(self.new_run()).info
        at = run.artifact_uri.removeprefix("mlflow-artifacts:/")
        made = requests.post(f"{root}/create/{at}", json={"path": "parts.bin", "num_parts": 3}, timeout=120)
        self.assertEqual(made.status_code, 200, made.text)
        upload, sent = made.json(), []
        for part in reversed(upload["credentials"]):
            body = bytes([part["part_number"]]) * 5
            answer = requests.put(part["url"], data=body, headers=part.get("headers", {}), timeout=120)
            self.assertEqual(answer.status_code, 200, answer.text)
            sent.append({"part_number": part["part_number"], "etag": answer.headers["ETag"], "url": part["url"]})
        body = {"path": "parts.bin", "upload_id": upload["upload_id"]}
        done = requests.post(f"{root}/complete/{at}", json={**body, "parts": sent[::-1]}, timeout=120)
        self.assertEqual(done.status_code, 200, done.text)
        path = self.client.download_artifacts(run.run_id, "parts.bin")
        self.assertEqual(pathlib.Path(path).read_bytes(), b"\x01" * 5 + b"\x02" * 5 + b"\x03" * 5)
        made = requests.post(f"{root}/create/{at}", json={"path": "half.bin", "num_parts": 2}, timeout=120).json()
        requests.put(made["credentials"][0]["url"], data=b"x", timeout=120)
        body = {"path": "half.bin", "upload_id": made["upload_id"]}
        self.assertEqual(requests.post(f"{root}/abort/{at}", json=body, timeout=120).status_code, 200)
        self.assertEqual(set(paths(self.client, run.run_id)), {"parts.bin"})
