"""tritonclient.grpc against the gateway: every call family, raw and typed contents, streams, deadlines, refused."""

import asyncio
import contextlib
import queue
import unittest
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as aio
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

import known


def tensor(name, values, datatype):
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values)
    return made


def mail_inputs():
    amount, domain, subject = known.MAILS
    return [
        tensor("amount", amount, "FP32"),
        tensor("domain", domain, "BYTES"),
        tensor("subject", subject, "BYTES"),
    ]


def line_input(k):
    return tensor("x", np.full((1, 1), k, np.float32), "FP32")


class Grpc(unittest.TestCase):
    def setUp(self):
        self.client = triton.InferenceServerClient(known.GRPC)

    def tearDown(self):
        self.client.close()

    def refused(self, call, text, status):
        with self.assertRaises(InferenceServerException) as caught:
            call()
        self.assertIn(text, caught.exception.message())
        self.assertEqual(caught.exception.status(), f"StatusCode.{status}")


class Server(Grpc):
    def test_health(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())

    def test_metadata(self):
        metadata = self.client.get_server_metadata()
        self.assertEqual((metadata.name, metadata.version), ("millwright", "conformance"))
        self.assertEqual(list(metadata.extensions), known.EXTENSIONS)


class Models(Grpc):
    def test_ready(self):
        self.assertTrue(self.client.is_model_ready("mail", "2"))
        self.refused(lambda: self.client.is_model_ready("nobody"), "nobody", "NOT_FOUND")

    def test_metadata(self):
        metadata = self.client.get_model_metadata("mail", as_json=True)
        self.assertEqual(metadata["versions"], ["1", "2"])
        amount = next(i for i in metadata["inputs"] if i["name"] == "amount")
        self.assertEqual(amount["datatype"], "FP32")
        self.assertEqual(amount["shape"], ["-1", "1"])
        self.refused(lambda: self.client.get_model_metadata("mail", "9"), "9", "NOT_FOUND")

    def test_config(self):
        config = self.client.get_model_config("three").config
        self.assertEqual((config.name, config.backend), ("three", "onnxruntime"))
        self.assertEqual(list(config.input[0].dims), [1])
        shown = self.client.get_model_config("three", as_json=True)["config"]
        self.assertEqual(shown["input"][0]["data_type"], "TYPE_FP32")
        self.assertEqual(shown["output"][0]["data_type"], "TYPE_STRING")
        self.assertEqual(shown["parameters"]["task"]["string_value"], "multiclass")

    def test_repository(self):
        def states():
            index = self.client.get_model_repository_index().models
            return {(m.name, m.version): m.state for m in index}

        self.client.load_model("line")
        self.assertEqual(states()[("line", "3")], "READY")
        self.client.unload_model("line")
        self.assertEqual(states()[("line", "3")], "UNAVAILABLE")
        self.assertEqual(
            self.client.infer("line", [line_input(1)]).as_numpy("value").tolist(), [[4]]
        )
        self.refused(lambda: self.client.load_model("nobody"), "nobody", "NOT_FOUND")
        self.refused(lambda: self.client.unload_model("nobody"), "nobody", "NOT_FOUND")
        self.refused(
            lambda: self.client.load_model("line", config="{}"), "config", "UNIMPLEMENTED"
        )

    def test_statistics(self):
        self.client.infer("three", [tensor("x", np.zeros((5, 1), np.float32), "FP32")])
        stats = self.client.get_inference_statistics("three").model_stats[0]
        self.assertEqual((stats.name, stats.version), ("three", "4"))
        self.assertGreaterEqual(stats.inference_count, 5)
        self.assertEqual(stats.inference_stats.success.count, stats.execution_count)
        self.assertGreater(stats.last_inference, 1_600_000_000_000)
        self.assertEqual(len(self.client.get_inference_statistics().model_stats), known.VERSIONS)

    def test_what_is_not_supported_says_so(self):
        for call in (
            self.client.get_system_shared_memory_status,
            self.client.get_cuda_shared_memory_status,
            self.client.unregister_cuda_shared_memory,
            self.client.get_trace_settings,
            self.client.get_log_settings,
        ):
            self.refused(call, "not supported", "UNIMPLEMENTED")


class Infer(Grpc):
    def test_raw_contents(self):
        result = self.client.infer("mail", mail_inputs(), request_id="42")
        response = result.get_response()
        self.assertEqual((response.id, response.model_version), ("42", "1"))
        self.assertEqual(response.parameters["variant"].string_param, "champion")
        self.assertEqual(len(response.raw_output_contents), len(response.outputs))
        probability = result.as_numpy("probability")
        self.assertEqual(probability.dtype, np.float32)
        np.testing.assert_allclose(probability[:, 1], known.mail_answers(), atol=1e-6)
        self.assertEqual(result.as_numpy("label").tolist(), [[b"yes"], [b"no"], [b"yes"]])

    def test_chosen_outputs_and_versions(self):
        result = self.client.infer(
            "mail",
            mail_inputs(),
            model_version="2",
            outputs=[triton.InferRequestedOutput("probability")],
        )
        np.testing.assert_allclose(
            result.as_numpy("probability")[:, 1], known.mail_answers(1), atol=1e-6
        )
        self.assertIsNone(result.as_numpy("label"))

    def test_every_number_type(self):
        for datatype, dtype in {
            **{"UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64},
            **{"INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64},
            **{"FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BOOL": np.bool_},
        }.items():
            with self.subTest(datatype=datatype):
                x = np.array([[1], [0]], dtype=dtype)
                result = self.client.infer("line", [tensor("x", x, datatype)])
                self.assertEqual(result.as_numpy("value").tolist(), [[4], [1]])

    def test_typed_contents(self):
        stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(known.GRPC))
        for datatype, field, values in (
            ("BOOL", "bool_contents", [True, False]),
            ("INT8", "int_contents", [1, 0]),
            ("INT32", "int_contents", [1, 0]),
            ("INT64", "int64_contents", [1, 0]),
            ("UINT16", "uint_contents", [1, 0]),
            ("UINT64", "uint64_contents", [1, 0]),
            ("FP32", "fp32_contents", [1, 0]),
            ("FP64", "fp64_contents", [1, 0]),
        ):
            with self.subTest(datatype=datatype):
                request = service_pb2.ModelInferRequest(model_name="line")
                x = request.inputs.add(name="x", datatype=datatype, shape=[2, 1])
                getattr(x.contents, field).extend(values)
                response = stub.ModelInfer(request)
                self.assertEqual(len(response.raw_output_contents), 0)
                self.assertEqual(list(response.outputs[0].contents.fp32_contents), [4, 1])
        request = service_pb2.ModelInferRequest(model_name="mail")
        domain = request.inputs.add(name="domain", datatype="BYTES", shape=[2])
        domain.contents.bytes_contents.extend([b"evil.example", "ü".encode()])
        outputs = {o.name: o.contents for o in stub.ModelInfer(request).outputs}
        self.assertEqual(list(outputs["label"].bytes_contents), [b"yes", b"yes"])

    def test_integers_beyond_what_a_number_holds(self):
        ids = np.array([[known.BIG_ID], [known.BIG_ID - 1]], dtype=np.int64)
        for dtype, datatype in ((np.int64, "INT64"), (np.uint64, "UINT64")):
            result = self.client.infer("ids", [tensor("id", ids.astype(dtype), datatype)])
            self.assertEqual(result.as_numpy("value").tolist(), [[1], [0]])
        stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(known.GRPC))
        request = service_pb2.ModelInferRequest(model_name="ids")
        x = request.inputs.add(name="id", datatype="INT64", shape=[2, 1])
        x.contents.int64_contents.extend([known.BIG_ID, -known.BIG_ID])
        self.assertEqual(list(stub.ModelInfer(request).outputs[0].contents.fp32_contents), [1, 0])

    def test_texts_of_any_script_and_length(self):
        texts = ["", "ü", "日本語", "😀" * 100, "x" * 100_000]
        result = self.client.infer(
            "mail", [tensor("domain", np.array(texts, dtype=np.object_), "BYTES")]
        )
        self.assertEqual(result.as_numpy("label").shape, (len(texts), 1))

    def test_classification(self):
        outputs = [triton.InferRequestedOutput("probability", class_count=1)]
        result = self.client.infer(
            "three", [tensor("x", np.array([1, -1], np.float32), "FP32")], outputs=outputs
        )
        top = [row[0].decode().split(":")[1:] for row in result.as_numpy("probability")]
        self.assertEqual(top, [["2", "c"], ["0", "a"]])

    def test_compression(self):
        x = np.linspace(-1, 1, 4000, dtype=np.float32)
        for coding in ("gzip", "deflate"):
            result = self.client.infer(
                "line", [tensor("x", x, "FP32")], compression_algorithm=coding
            )
            np.testing.assert_allclose(result.as_numpy("value")[:, 0], 3 * x + 1, rtol=1e-6)

    def test_parameters_are_taken(self):
        result = self.client.infer(
            "line",
            [line_input(0)],
            sequence_id=7,
            priority=1,
            timeout=1_000_000,
            parameters={"note": "hello", "n": 3, "f": 0.5, "b": True},
            headers={"x-note": "hello"},
        )
        self.assertEqual(result.as_numpy("value").tolist(), [[1]])

    def test_requests_in_parallel(self):
        def one(k):
            x = np.full((1 + k % 7, 1), k, np.float32)
            values = self.client.infer("line", [tensor("x", x, "FP32")]).as_numpy("value")
            return values.shape == x.shape and bool((values == 3 * k + 1).all())

        with ThreadPoolExecutor(8) as pool:
            self.assertTrue(all(pool.map(one, range(200))))

    def test_async_infer(self):
        answers = queue.Queue()
        for k in range(20):
            self.client.async_infer(
                "line",
                [line_input(k)],
                request_id=str(k),
                callback=lambda result, error: answers.put((result, error)),
            )
        for _ in range(20):
            result, error = answers.get(timeout=120)
            self.assertIsNone(error)
            k = int(result.get_response().id)
            self.assertEqual(result.as_numpy("value").tolist(), [[3 * k + 1]])

    def test_a_stream_answers_in_order_and_survives_errors(self):
        answers = queue.Queue()
        self.client.start_stream(callback=lambda result, error: answers.put((result, error)))
        for k in range(10):
            model = "nobody" if k == 5 else "line"
            self.client.async_stream_infer(model, [line_input(k)], request_id=str(k))
        for k in range(10):
            result, error = answers.get(timeout=120)
            if k == 5:
                self.assertIn("nobody", error.message())
            else:
                self.assertIsNone(error)
                self.assertEqual(result.get_response().id, str(k))
                self.assertEqual(result.as_numpy("value").tolist(), [[3 * k + 1]])
        self.client.stop_stream()

    def test_a_deadline_is_kept(self):
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer(
                "line",
                [tensor("x", np.zeros((20_000, 1), np.float32), "FP32")],
                client_timeout=0.0001,
            )
        self.assertEqual(caught.exception.status(), "StatusCode.DEADLINE_EXCEEDED")


class Graphs(Grpc):
    """Models with tensors of their own."""

    def test_the_model_of_tritons_examples(self):
        a = np.arange(16, dtype=np.int32).reshape(1, 16)
        b = np.full((1, 16), -3, dtype=np.int32)
        inputs = [tensor("INPUT0", a, "INT32"), tensor("INPUT1", b, "INT32")]
        result = self.client.infer("simple", inputs)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), a + b)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), a - b)

    def test_every_datatype_comes_out_as_it_went_in(self):
        inputs = [tensor(name, sent, datatype) for name, (datatype, sent) in known.ECHO.items()]
        known.echoed(self.client.infer("echo", inputs))


class Refusals(Grpc):
    def test_in_words(self):
        one = np.zeros((1, 1), np.float32)
        for text, status, call in (
            ("nobody", "NOT_FOUND", lambda: self.client.infer("nobody", [line_input(1)])),
            (
                "77",
                "NOT_FOUND",
                lambda: self.client.infer("line", [line_input(1)], model_version="77"),
            ),
            (
                "row 0, z",
                "INVALID_ARGUMENT",
                lambda: self.client.infer("line", [tensor("z", one, "FP32")]),
            ),
            (
                "tensor x is there twice",
                "INVALID_ARGUMENT",
                lambda: self.client.infer("line", [line_input(1), line_input(2)]),
            ),
            (
                'there is no "odd"',
                "INVALID_ARGUMENT",
                lambda: self.client.infer(
                    "line", [line_input(1)], outputs=[triton.InferRequestedOutput("odd")]
                ),
            ),
        ):
            self.refused(call, text, status)

    def test_a_message_that_is_too_large(self):
        x = np.zeros((5_000_000, 1), np.float32)
        self.refused(
            lambda: self.client.infer("line", [tensor("x", x, "FP32")]),
            "larger",
            "RESOURCE_EXHAUSTED",
        )

    def test_contents_that_do_not_fit(self):
        stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(known.GRPC))
        for text, datatype, shape, contents, raw in (
            ("2 values", "FP32", [2, 1], {"fp32_contents": [1]}, []),
            ("fp32_contents", "FP32", [1, 1], {"fp64_contents": [1]}, []),
            ("one kind", "FP32", [1, 1], {"fp32_contents": [1], "int_contents": [1]}, []),
            ("raw_input_contents", "FP16", [1, 1], {"fp32_contents": [1]}, []),
            ("4 bytes", "FP32", [1, 1], {}, [b"123"]),
            ("one entry per input", "FP32", [1, 1], {}, [b"1234", b"1234"]),
            ("0 or more", "FP32", [-1, 1], {}, [b"1234"]),
            ("product", "FP32", [2**40, 2**40], {}, [b"1234"]),
            ("from -128 to 127", "INT8", [1, 1], {"int_contents": [128]}, []),
            ("UTF-8", "BYTES", [1, 1], {"bytes_contents": [b"\xff"]}, []),
        ):
            with self.subTest(text):
                request = service_pb2.ModelInferRequest(model_name="line", raw_input_contents=raw)
                x = request.inputs.add(name="x", datatype=datatype, shape=shape)
                for field, values in contents.items():
                    getattr(x.contents, field).extend(values)
                with self.assertRaises(grpc.RpcError) as caught:
                    stub.ModelInfer(request)
                self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
                self.assertIn(text, caught.exception.details())
                trailers = dict(caught.exception.trailing_metadata())
                self.assertEqual(trailers["millwright-code"], "invalid_input")


class Token(unittest.TestCase):
    def test_is_needed_and_is_enough(self):
        client = triton.InferenceServerClient(known.GUARDED_GRPC)
        self.assertTrue(client.is_server_ready())
        with self.assertRaises(InferenceServerException) as caught:
            client.infer("line", [line_input(1)])
        self.assertEqual(caught.exception.status(), "StatusCode.UNAUTHENTICATED")
        headers = {"authorization": f"Bearer {known.TOKEN}"}
        result = client.infer("line", [line_input(1)], headers=headers)
        self.assertEqual(result.as_numpy("value").tolist(), [[4]])
        answers = queue.Queue()
        client.start_stream(callback=lambda result, error: answers.put((result, error)))
        with contextlib.suppress(InferenceServerException):  # it may know already
            client.async_stream_infer("line", [line_input(1)])
        self.assertEqual(answers.get(timeout=120)[1].status(), "StatusCode.UNAUTHENTICATED")
        client.stop_stream()
        client.close()


class Asyncio(unittest.IsolatedAsyncioTestCase):
    async def test_every_call_family(self):
        async with aio.InferenceServerClient(known.GRPC) as client:
            self.assertTrue(await client.is_server_live())
            self.assertTrue(await client.is_model_ready("mail"))
            self.assertEqual((await client.get_server_metadata()).name, "millwright")
            self.assertEqual((await client.get_model_config("line")).config.name, "line")
            self.assertEqual(len((await client.get_model_repository_index()).models), known.VERSIONS)
            results = await asyncio.gather(
                *(client.infer("line", [line_input(k)]) for k in range(50))
            )
            for k, result in enumerate(results):
                self.assertEqual(result.as_numpy("value").tolist(), [[3 * k + 1]])
            with self.assertRaisesRegex(InferenceServerException, "nobody"):
                await client.get_model_metadata("nobody")

            async def requests():
                for k in range(5):
                    yield {
                        "model_name": "line",
                        "inputs": [line_input(k)],
                        "request_id": str(k),
                    }

            values = []
            async for result, error in client.stream_infer(requests()):
                self.assertIsNone(error)
                values.append(float(result.as_numpy("value")[0, 0]))
            self.assertEqual(values, [1, 4, 7, 10, 13])
