"""tritonclient.http against the gateway: every call family, binary and JSON, compressed, in parallel, refused."""

import asyncio
import unittest
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as aio
from tritonclient.utils import InferenceServerException

import known


def tensor(name, values, datatype, binary=True):
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def mail_inputs(binary=True):
    amount, domain, subject = known.MAILS
    return [
        tensor("amount", amount, "FP32", True),
        tensor("domain", domain, "BYTES", binary),
        tensor("subject", subject, "BYTES", binary),
    ]


class Http(unittest.TestCase):
    def setUp(self):
        self.client = triton.InferenceServerClient(known.HTTP, concurrency=8)

    def tearDown(self):
        self.client.close()

    def refused(self, call, text, status):
        with self.assertRaises(InferenceServerException) as caught:
            call()
        self.assertIn(text, caught.exception.message())
        self.assertEqual(caught.exception.status(), status)


class Server(Http):
    def test_health(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())

    def test_metadata(self):
        metadata = self.client.get_server_metadata()
        self.assertEqual(metadata["name"], "millwright")
        self.assertEqual(metadata["version"], "conformance")
        self.assertEqual(metadata["extensions"], known.EXTENSIONS)


class Models(Http):
    def test_ready(self):
        self.assertTrue(self.client.is_model_ready("mail"))
        self.assertTrue(self.client.is_model_ready("mail", "2"))
        self.assertFalse(self.client.is_model_ready("mail", "77"))
        self.assertFalse(self.client.is_model_ready("nobody"))

    def test_metadata(self):
        metadata = self.client.get_model_metadata("mail")
        self.assertEqual(metadata["name"], "mail")
        self.assertEqual(metadata["versions"], ["1", "2"])
        inputs = {i["name"]: (i["datatype"], i["shape"]) for i in metadata["inputs"]}
        self.assertEqual(inputs["amount"], ("FP32", [-1, 1]))
        self.assertEqual(inputs["subject"], ("BYTES", [-1, 1]))
        outputs = {o["name"]: (o["datatype"], o["shape"]) for o in metadata["outputs"]}
        self.assertEqual(outputs["probability"], ("FP32", [-1, 2]))
        self.refused(lambda: self.client.get_model_metadata("nobody"), "nobody", "404")

    def test_config(self):
        config = self.client.get_model_config("three")
        self.assertEqual(config["backend"], "onnxruntime")
        self.assertGreater(config["max_batch_size"], 0)
        self.assertEqual(config["input"][0]["data_type"], "TYPE_FP32")
        self.assertEqual(config["input"][0]["dims"], [1])

    def test_repository(self):
        self.client.load_model("line")
        index = {(m["name"], m["version"]): m for m in self.client.get_model_repository_index()}
        self.assertEqual(index[("line", "3")]["state"], "READY")
        self.client.unload_model("line")
        index = {(m["name"], m["version"]): m for m in self.client.get_model_repository_index()}
        self.assertEqual(index[("line", "3")]["state"], "UNAVAILABLE")
        self.assertIn("next request", index[("line", "3")]["reason"])
        result = self.client.infer("line", [tensor("x", np.ones((1, 1), np.float32), "FP32")])
        self.assertEqual(result.as_numpy("value").tolist(), [[4]])
        self.refused(lambda: self.client.load_model("nobody"), "nobody", "404")
        self.refused(lambda: self.client.load_model("line", config="{}"), "config", "415")

    def test_statistics(self):
        before = self.client.get_inference_statistics("three")["model_stats"][0]
        self.client.infer("three", [tensor("x", np.zeros((5, 1), np.float32), "FP32")])
        after = self.client.get_inference_statistics("three", "4")["model_stats"][0]
        self.assertEqual(after["inference_count"] - before["inference_count"], 5)
        self.assertEqual(after["execution_count"] - before["execution_count"], 1)
        success = after["inference_stats"]["success"]
        self.assertEqual(success["count"], after["execution_count"])
        everyone = self.client.get_inference_statistics()["model_stats"]
        self.assertEqual({s["name"] for s in everyone}, known.MODELS)

    def test_what_is_not_supported_says_so(self):
        for call in (
            self.client.get_system_shared_memory_status,
            self.client.get_cuda_shared_memory_status,
            self.client.unregister_system_shared_memory,
            lambda: self.client.register_system_shared_memory("a", "/a", 10),
            self.client.get_trace_settings,
            lambda: self.client.get_trace_settings("mail"),
            self.client.get_log_settings,
            lambda: self.client.update_log_settings({"log_info": True}),
        ):
            self.refused(call, "not supported", "415")


class Infer(Http):
    def test_binary_in_binary_out(self):
        result = self.client.infer("mail", mail_inputs(), request_id="42")
        self.assertEqual(result.get_response()["id"], "42")
        self.assertEqual(result.get_response()["model_version"], "1")
        probability = result.as_numpy("probability")
        self.assertEqual(probability.dtype, np.float32)
        np.testing.assert_allclose(probability[:, 1], known.mail_answers(), atol=1e-6)
        labels = result.as_numpy("label")
        self.assertEqual(labels.tolist(), [[b"yes"], [b"no"], [b"yes"]])
        self.assertIn("binary_data_size", result.get_output("label")["parameters"])

    def test_json_in_json_out(self):
        outputs = [
            triton.InferRequestedOutput("probability", binary_data=False),
            triton.InferRequestedOutput("label", binary_data=False),
        ]
        result = self.client.infer("mail", mail_inputs(binary=False), outputs=outputs)
        self.assertIn("data", result.get_output("probability"))
        np.testing.assert_allclose(
            result.as_numpy("probability")[:, 1], known.mail_answers(), atol=1e-6
        )
        self.assertEqual(result.as_numpy("label").tolist(), [["yes"], ["no"], ["yes"]])
        self.assertIsNone(result.as_numpy("prediction_id"))

    def test_json_and_binary_mixed(self):
        for binary in (True, False):
            outputs = [
                triton.InferRequestedOutput("label", binary_data=not binary),
                triton.InferRequestedOutput("probability", binary_data=binary),
            ]
            result = self.client.infer("mail", mail_inputs(binary), outputs=outputs)
            np.testing.assert_allclose(
                result.as_numpy("probability")[:, 1], known.mail_answers(), atol=1e-6
            )

    def test_missing_values_as_json(self):
        amount = triton.InferInput("amount", [1, 1], "FP32")
        amount.set_data_from_numpy(np.array([[np.nan]], np.float32), binary_data=False)
        result = self.client.infer("mail", [amount])
        np.testing.assert_allclose(result.as_numpy("probability"), [[0.5, 0.5]])

    def test_versions(self):
        for version, bias in (("1", 0), ("2", 1)):
            result = self.client.infer("mail", mail_inputs(), model_version=version)
            self.assertEqual(result.get_response()["model_version"], version)
            np.testing.assert_allclose(
                result.as_numpy("probability")[:, 1], known.mail_answers(bias), atol=1e-6
            )

    def test_every_number_type(self):
        for datatype, dtype in {
            **{"UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64},
            **{"INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64},
            **{"FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BOOL": np.bool_},
        }.items():
            for binary in (True, False):
                with self.subTest(datatype=datatype, binary=binary):
                    x = np.array([[1], [0]], dtype=dtype)
                    result = self.client.infer("line", [tensor("x", x, datatype, binary)])
                    self.assertEqual(result.as_numpy("value").tolist(), [[4], [1]])

    def test_half_precision_keeps_its_values(self):
        x = np.array([0.1, -2.5, 65504, 6e-8, 0], dtype=np.float16)
        result = self.client.infer("line", [tensor("x", x, "FP16")])
        expected = np.float32(3) * x.astype(np.float32) + np.float32(1)
        np.testing.assert_array_equal(result.as_numpy("value")[:, 0], expected)

    def test_integers_beyond_what_a_number_holds(self):
        ids = np.array([[known.BIG_ID], [known.BIG_ID - 1]], dtype=np.int64)
        for dtype, datatype in ((np.int64, "INT64"), (np.uint64, "UINT64")):
            result = self.client.infer("ids", [tensor("id", ids.astype(dtype), datatype)])
            self.assertEqual(result.as_numpy("value").tolist(), [[1], [0]])
        json = [tensor("id", ids, "INT64", binary=False)]
        self.refused(lambda: self.client.infer("ids", json), "beyond 2^53", "400")

    def test_texts_of_any_script_and_length(self):
        texts = ["", "ü", "日本語", "😀" * 100, "x" * 100_000, 'quote " and \\ \n']
        for binary in (True, False):
            domain = np.array(texts, dtype=np.object_)
            result = self.client.infer("mail", [tensor("domain", domain, "BYTES", binary)])
            self.assertEqual(result.as_numpy("label").shape, (len(texts), 1))

    def test_classification(self):
        outputs = [triton.InferRequestedOutput("probability", binary_data=True, class_count=2)]
        result = self.client.infer(
            "three", [tensor("x", np.array([1, -1], np.float32), "FP32")], outputs=outputs
        )
        top = result.as_numpy("probability")
        self.assertEqual(top.shape, (2, 2))
        shown = [[text.decode().split(":") for text in row] for row in top]
        self.assertEqual([row[0][1:] for row in shown], [["2", "c"], ["0", "a"]])
        expected = known.softmax(np.array([[0.0, 1.0, 2.0]]))
        self.assertAlmostEqual(float(shown[0][0][0]), expected[0, 2], places=5)
        self.assertAlmostEqual(float(shown[0][1][0]), expected[0, 1], places=5)

    def test_compression(self):
        x = np.linspace(-1, 1, 4000, dtype=np.float32)
        for sent in (None, "gzip", "deflate"):
            for received in (None, "gzip", "deflate"):
                with self.subTest(sent=sent, received=received):
                    result = self.client.infer(
                        "line",
                        [tensor("x", x, "FP32")],
                        request_compression_algorithm=sent,
                        response_compression_algorithm=received,
                    )
                    np.testing.assert_allclose(result.as_numpy("value")[:, 0], 3 * x + 1, rtol=1e-6)

    def test_parameters_are_taken(self):
        result = self.client.infer(
            "line",
            [tensor("x", np.zeros((1, 1), np.float32), "FP32")],
            sequence_id=7,
            sequence_start=True,
            priority=1,
            timeout=1_000_000,
            parameters={"note": "hello", "n": 3, "f": 0.5, "b": True},
        )
        self.assertEqual(result.as_numpy("value").tolist(), [[1]])
        self.assertEqual(result.get_response()["parameters"]["variant"], "champion")

    def test_requests_in_parallel(self):
        def one(start):
            # A client belongs to the thread that made it: its gevent hub cannot be switched to from another.
            client = triton.InferenceServerClient(known.HTTP)
            for k in range(start, start + 25):
                x = np.full((1 + k % 7, 1), k, np.float32)
                values = client.infer("line", [tensor("x", x, "FP32")]).as_numpy("value")
                np.testing.assert_array_equal(values, 3 * x + 1)
            client.close()
            return True

        with ThreadPoolExecutor(8) as pool:
            self.assertEqual(list(pool.map(one, range(0, 200, 25))), [True] * 8)

    def test_async_infer(self):
        asked = [
            self.client.async_infer("line", [tensor("x", np.full((1, 1), k, np.float32), "FP32")])
            for k in range(20)
        ]
        for k, request in enumerate(asked):
            self.assertEqual(request.get_result().as_numpy("value").tolist(), [[3 * k + 1]])

    def test_body_made_and_answer_read_by_hand(self):
        body, length = triton.InferenceServerClient.generate_request_body(mail_inputs())
        self.assertGreater(len(body), length)
        response = self.client._post(
            "v2/models/mail/infer", body, {"Inference-Header-Content-Length": length}, None
        )
        result = triton.InferenceServerClient.parse_response_body(
            response.read(), header_length=int(response.get("Inference-Header-Content-Length"))
        )
        np.testing.assert_allclose(
            result.as_numpy("probability")[:, 1], known.mail_answers(), atol=1e-6
        )

    def test_a_body_that_is_one_tensor(self):
        response = self.client._post(
            "v2/models/line/infer",
            np.array([1, 2, 3], np.float32).tobytes(),
            {"Inference-Header-Content-Length": 0},
            None,
        )
        self.assertEqual(response.status_code, 200)
        result = triton.InferenceServerClient.parse_response_body(
            response.read(), header_length=int(response.get("Inference-Header-Content-Length"))
        )
        self.assertEqual(result.as_numpy("value").tolist(), [[4], [7], [10]])


class Graphs(Http):
    """Models with tensors of their own."""

    def test_the_model_of_tritons_examples(self):
        a = np.arange(16, dtype=np.int32).reshape(1, 16)
        b = np.full((1, 16), -3, dtype=np.int32)
        for binary in (True, False):
            inputs = [tensor("INPUT0", a, "INT32", binary), tensor("INPUT1", b, "INT32", binary)]
            outputs = [
                triton.InferRequestedOutput("OUTPUT0", binary_data=binary),
                triton.InferRequestedOutput("OUTPUT1", binary_data=not binary),
            ]
            result = self.client.infer("simple", inputs, outputs=outputs)
            np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), a + b)
            np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), a - b)
        metadata = self.client.get_model_metadata("simple")
        self.assertEqual(
            metadata["inputs"][0], {"name": "INPUT0", "datatype": "INT32", "shape": [-1, 16]}
        )
        config = self.client.get_model_config("simple")
        self.assertEqual(config["input"][0]["dims"], [16])
        self.assertFalse(config["input"][0]["optional"])

    def test_every_datatype_comes_out_as_it_went_in(self):
        inputs = [tensor(name, sent, datatype) for name, (datatype, sent) in known.ECHO.items()]
        known.echoed(self.client.infer("echo", inputs))

    def test_as_json_too(self):
        """Wide integers leave as numbers of all their digits, infinity as a word."""
        inputs = [tensor(name, sent, datatype) for name, (datatype, sent) in known.ECHO.items()]
        outputs = [
            triton.InferRequestedOutput(f"{name}_out", binary_data=False) for name in known.ECHO
        ]
        result = self.client.infer("echo", inputs, outputs=outputs)
        known.echoed(result)
        self.assertIn(known.BIG_ID, result.get_output("wide_out")["data"])
        self.assertIn("Infinity", result.get_output("half_out")["data"])

    def test_shapes_that_do_not_fit(self):
        x = tensor("INPUT0", np.zeros((1, 15), np.int32), "INT32")
        self.refused(lambda: self.client.infer("simple", [x]), "INPUT0", "400")


class Refusals(Http):
    def test_in_words(self):
        one = np.zeros((1, 1), np.float32)
        for text, status, call in (
            ("nobody", "404", lambda: self.client.infer("nobody", [tensor("x", one, "FP32")])),
            (
                "77",
                "404",
                lambda: self.client.infer("line", [tensor("x", one, "FP32")], model_version="77"),
            ),
            ("row 0, z", "400", lambda: self.client.infer("line", [tensor("z", one, "FP32")])),
            ("inputs.x.shape", "400", lambda: self.client.infer("line", [tensor("x", np.zeros((2, 2), np.float32), "FP32")])),
            ("inputs: tensor x is there twice", "400", lambda: self.client.infer("line", [tensor("x", one, "FP32")] * 2)),
            (
                'there is no "odd"',
                "400",
                lambda: self.client.infer(
                    "line",
                    [tensor("x", one, "FP32")],
                    outputs=[triton.InferRequestedOutput("odd")],
                ),
            ),
            (
                "finite number",
                "400",
                lambda: self.client.infer(
                    "line", [tensor("x", np.array([[np.inf]], np.float32), "FP32")]
                ),
            ),
        ):
            self.refused(call, text, status)

    def test_shared_memory(self):
        x = triton.InferInput("x", [1, 1], "FP32")
        x.set_shared_memory("region", 4)
        self.refused(lambda: self.client.infer("line", [x]), "shared memory", "415")

    def test_a_tensor_with_too_few_bytes(self):
        x = tensor("x", np.zeros((4, 1), np.float32), "FP32")
        x.set_shape([5, 1])
        self.refused(lambda: self.client.infer("line", [x]), "20 bytes", "400")


class Token(unittest.TestCase):
    def test_is_needed_and_is_enough(self):
        client = triton.InferenceServerClient(known.GUARDED_HTTP)
        self.assertTrue(client.is_server_ready())
        with self.assertRaises(InferenceServerException) as caught:
            client.get_model_metadata("line")
        self.assertEqual(caught.exception.status(), "401")
        headers = {"Authorization": f"Bearer {known.TOKEN}"}
        self.assertEqual(client.get_model_metadata("line", headers=headers)["name"], "line")
        client.close()


class Asyncio(unittest.IsolatedAsyncioTestCase):
    async def test_every_call_family(self):
        async with aio.InferenceServerClient(known.HTTP) as client:
            self.assertTrue(await client.is_server_live())
            self.assertTrue(await client.is_model_ready("mail"))
            self.assertEqual((await client.get_server_metadata())["name"], "millwright")
            self.assertEqual((await client.get_model_config("line"))["name"], "line")
            self.assertEqual(len(await client.get_model_repository_index()), known.VERSIONS)
            results = await asyncio.gather(
                *(
                    client.infer("line", [tensor("x", np.full((1, 1), k, np.float32), "FP32")])
                    for k in range(50)
                )
            )
            for k, result in enumerate(results):
                self.assertEqual(result.as_numpy("value").tolist(), [[3 * k + 1]])
            for coding in ("gzip", "deflate"):
                result = await client.infer(
                    "mail",
                    mail_inputs(),
                    request_compression_algorithm=coding,
                    response_compression_algorithm=coding,
                )
                np.testing.assert_allclose(
                    result.as_numpy("probability")[:, 1], known.mail_answers(), atol=1e-6
                )
            with self.assertRaisesRegex(InferenceServerException, "nobody"):
                await client.get_model_metadata("nobody")
