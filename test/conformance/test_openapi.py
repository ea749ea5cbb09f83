"""The description of the API, by the validator of the OpenAPI tools; and answers against what it says."""

import unittest

import requests
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import known


class Document(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = requests.get(f"http://{known.GUARDED_HTTP}/openapi.json", timeout=120).json()

    def matches(self, schema, value):
        whole = {**schema, "components": self.document["components"]}
        errors = [error.message for error in Draft202012Validator(whole).iter_errors(value)]
        self.assertEqual(errors, [])

    def schema(self, path, method, answer="200"):
        response = self.document["paths"][path][method]["responses"][answer]
        if "$ref" in response:
            response = self.document["components"]["responses"]["Problem"]
            return response["content"]["application/problem+json"]["schema"]
        return response["content"]["application/json"]["schema"]

    def test_is_valid(self):
        OpenAPIV31SpecValidator(self.document).validate()
        self.assertEqual(self.document["openapi"], "3.1.0")

    def test_operations_are_named_once_and_described(self):
        operations = [o for path in self.document["paths"].values() for o in path.values()]
        names = [o["operationId"] for o in operations]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([o["operationId"] for o in operations if not o["summary"]], [])

    def test_answers_are_what_it_says(self):
        base = f"http://{known.HTTP}"
        for path, real in (
            ("/v2", "/v2"),
            ("/v2/models", "/v2/models"),
            ("/v2/models/{name}", "/v2/models/mail"),
            ("/v2/models/{name}/config", "/v2/models/mail/config"),
            ("/v2/models/{name}/stats", "/v2/models/mail/stats"),
            ("/v2/health/ready", "/v2/health/ready"),
            ("/models", "/models"),
        ):
            with self.subTest(path):
                answer = requests.get(base + real, timeout=120).json()
                self.matches(self.schema(path, "get"), answer)
        for path, real, body in (
            (
                "/v2/models/{name}/infer",
                "/v2/models/line/infer",
                {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}]},
            ),
            ("/models/{name}/invocations", "/models/line/invocations", {"instances": [[1]]}),
            ("/models/{model}/predict", "/models/mail/predict", {"rows": [{"amount": 1}]}),
            ("/v2/repository/index", "/v2/repository/index", {}),
        ):
            with self.subTest(path):
                operation = self.document["paths"][path]["post"]
                if "requestBody" in operation:
                    content = operation["requestBody"]["content"]["application/json"]
                    self.matches(content["schema"], body)
                answer = requests.post(base + real, json=body, timeout=120).json()
                self.matches(self.schema(path, "post"), answer)
                wrong = requests.post(base + real, data=b"{", headers={"Content-Type": "application/json"}, timeout=120)
                self.assertEqual(wrong.status_code, 400)
                self.matches(self.schema(path, "post", "4XX"), wrong.json())
