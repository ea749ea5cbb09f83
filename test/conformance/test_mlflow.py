"""MLflow's own scoring client, and the forms of its protocol by hand."""

import unittest

import numpy as np
import pandas as pd
import requests
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

import known

HOST, PORT = known.HTTP.split(":")


def client(model):
    """The client knows one model a server; a model here is a path."""
    return ScoringServerClient(HOST, f"{PORT}/models/{model}")


def post(model, data, content_type="application/json", **options):
    return requests.post(
        f"http://{known.HTTP}/models/{model}/invocations",
        data=data,
        headers={"Content-Type": content_type},
        timeout=120,
        **options,
    )


MAILS = pd.DataFrame(
    {
        "amount": known.MAILS[0][:, 0],
        "domain": known.MAILS[1][:, 0],
        "subject": known.MAILS[2][:, 0],
    }
)


class ScoringClient(unittest.TestCase):
    def test_ping_and_version(self):
        client("line").ping()
        client("line").wait_server_ready(timeout=120)
        self.assertEqual(client("line").get_version(), "conformance")
        with self.assertRaisesRegex(Exception, "404"):
            client("nobody").ping()
        root = ScoringServerClient(HOST, PORT)
        root.ping()
        self.assertEqual(root.get_version(), "conformance")

    def test_data_frames(self):
        """With a missing value, which pandas writes as NaN."""
        answer = client("mail").invoke(MAILS)
        self.assertEqual(answer["predictions"], ["yes", "no", "yes"])
        self.assertEqual(len(set(answer["ids"])), 3)
        probabilities = [row[0] for row in answer["outputs"]]
        np.testing.assert_allclose(probabilities, known.mail_answers(), atol=1e-6)
        self.assertEqual(answer.get_predictions().shape, (3, 1))

    def test_arrays(self):
        x = np.array([[1.0], [2.0]], dtype=np.float32)
        answer = client("line").invoke(x, params={"temperature": 0.5})
        np.testing.assert_array_equal(answer.get_predictions("ndarray"), [4, 7])

    def test_lists(self):
        self.assertEqual(client("line").invoke([[1], [2]])["predictions"], [4, 7])

    def test_errors(self):
        with self.assertRaisesRegex(Exception, "(?s)400.*BAD_REQUEST.*nothing_known"):
            client("line").invoke(pd.DataFrame({"nothing_known": [1]}))
        with self.assertRaisesRegex(Exception, "(?s)404.*RESOURCE_DOES_NOT_EXIST"):
            client("nobody").invoke(MAILS)


class Protocol(unittest.TestCase):
    def predictions(self, *args, **options):
        answer = post(*args, **options)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()["predictions"]

    def test_every_form(self):
        for body in (
            {"dataframe_split": {"index": [0, 1], "columns": ["x"], "data": [[1], [2]]}},
            {"dataframe_records": [{"x": 1}, {"x": 2}]},
            {"instances": [[1], [2]]},
            {"instances": [1, 2]},
            {"instances": [{"x": 1}, {"x": 2}]},
            {"inputs": [[1], [2]]},
            {"inputs": {"x": [1, 2]}},
            {"inputs": {"x": [1, 2]}, "params": {}},
        ):
            with self.subTest(body=body):
                answer = requests.post(
                    f"http://{known.HTTP}/invocations?model=line", json=body, timeout=120
                )
                self.assertEqual(answer.json()["predictions"], [4, 7])

    def test_csv(self):
        for content_type in ("text/csv", "text/csv; charset=utf-8", "text/csv;charset=UTF-8"):
            self.assertEqual(self.predictions("line", "x\n1\n2\n", content_type), [4, 7])
        csv = MAILS.to_csv(index=False).encode()
        self.assertEqual(self.predictions("mail", csv, "text/csv"), ["yes", "no", "yes"])

    def test_tensors(self):
        rows = [list(range(16)), [1] * 16]
        sums = [[a + b for a, b in zip(rows[0], rows[0])], [2] * 16]
        for body in (
            {"inputs": {"INPUT0": rows, "INPUT1": rows}},
            {"instances": [{"INPUT0": row, "INPUT1": row} for row in rows]},
        ):
            answer = requests.post(
                f"http://{known.HTTP}/models/simple/invocations", json=body, timeout=120
            )
            outputs = answer.json()["predictions"]
            self.assertEqual([row["OUTPUT0"] for row in outputs], sums)
            self.assertEqual(outputs[1]["OUTPUT1"], [0] * 16)

    def test_charset(self):
        body = '{"dataframe_records":[{"domain":"gööd.example"}]}'.encode()
        self.assertEqual(self.predictions("mail", body, "application/json; charset=utf-8"), ["yes"])
        answer = post("mail", body, "application/json; charset=latin-1")
        self.assertEqual(answer.status_code, 415)

    def test_refusals(self):
        for status, text, body, content_type in (
            (415, "application/xml", b"<a/>", "application/xml"),
            (400, "not JSON", b"{", "application/json"),
            (400, "exactly one of", b"{}", "application/json"),
            (400, "exactly one of", b'{"inputs":[1],"instances":[1]}', "application/json"),
            (400, "dataframe_split.columns", b'{"dataframe_split":[]}', "application/json"),
            (400, "dataframe_records[0]", b'{"dataframe_records":[1]}', "application/json"),
            (400, "params", b'{"inputs":[1],"params":3}', "application/json"),
            (400, "1 values", b'{"inputs":[[1,2]]}', "application/json"),
            (400, "line", b'x\n"', "text/csv"),
        ):
            with self.subTest(body=body):
                answer = post("line", body, content_type)
                self.assertEqual(answer.status_code, status)
                error = answer.json()
                self.assertEqual(error["error_code"], "BAD_REQUEST")
                self.assertIn(text, error["message"])
                self.assertEqual(error["detail"], error["message"])
