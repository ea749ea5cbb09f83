"""Webhooks: kept, sent, signed."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

from mlflow.entities.webhook import WebhookStatus

from tracked import Tracking, call, fresh


class Receiver:
    """Keeps what is sent to it; the first answers are those of `fails`."""

    def __enter__(self):
        self.calls, self.fails = [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append((self.path, dict(self.headers.items()), body))
                self.send_response(receiver.fails.pop() if receiver.fails else 200)
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wait(self, path, count):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            found = [(headers, body) for at, headers, body in self.calls if at == path]
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{len(found)} of {count} came to {path}")


class Webhooks(Tracking):
    def setUp(self):
        super().setUp()
        self.receiver = self.enterContext(Receiver())
        self.hooks = []

    def tearDown(self):
        for hook in self.hooks:
            self.client.delete_webhook(hook)
        super().tearDown()

    def hook(self, path, events, **options):
        made = self.client.create_webhook(f"hook{time.time_ns()}", self.receiver.url + path, events, **options)
        self.hooks.append(made.webhook_id)
        return made

    def test_life(self):
        made = self.hook("/a", ["model_version.created", "registered_model.created"], description="d", secret="s")
        found = self.client.get_webhook(made.webhook_id)
        self.assertEqual((found.name, found.description, found.status), (made.name, "d", WebhookStatus.ACTIVE))
        self.assertEqual({str(e) for e in found.events}, {"model_version.created", "registered_model.created"})
        self.assertIsNone(found.secret)
        self.client.update_webhook(made.webhook_id, description="other", status="DISABLED")
        found = self.client.get_webhook(made.webhook_id)
        self.assertEqual((found.description, found.status), ("other", WebhookStatus.DISABLED))
        self.assertIn(made.webhook_id, [w.webhook_id for w in self.client.list_webhooks()])
        self.client.delete_webhook(self.hooks.pop())
        with self.refused("RESOURCE_DOES_NOT_EXIST", made.webhook_id):
            self.client.get_webhook(made.webhook_id)

    def test_refused(self):
        event = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
        for change in (
            {"name": "-bad"},
            {"name": "x" * 64},
            {"url": "ftp://127.0.0.1/"},
            {"url": "nothing"},
            {"events": []},
            {"events": [{"entity": "MODEL_VERSION", "action": "SET"}]},
        ):
            with self.subTest(change):
                body = {"name": "good", "url": "https://127.0.0.1/", "events": event, **change}
                status, said = call("POST", "/webhooks", body)
                self.assertEqual((status, said["error_code"]), (400, "INVALID_PARAMETER_VALUE"))

    def test_sent_and_signed(self):
        secret = "a secret ü"
        self.hook(
            "/sent",
            [
                "registered_model.created",
                "model_version.created",
                "model_version_alias.created",
                "model_version_alias.deleted",
                "model_version_tag.set",
                "model_version_tag.deleted",
            ],
            secret=secret,
        )
        name = fresh("größe")
        self.client.create_registered_model(name, tags={"a": "1"}, description="d")
        self.client.create_model_version(name, "s3://b/m", tags={"t": "1"}, description="v")
        self.client.set_registered_model_alias(name, "best", "1")
        self.client.delete_registered_model_alias(name, "best")
        self.client.set_model_version_tag(name, "1", "k", "v")
        self.client.delete_model_version_tag(name, "1", "k")
        found = self.receiver.wait("/sent", 6)
        said, ids = {}, set()
        for headers, body in found:
            headers = {k.lower(): v for k, v in headers.items()}
            id, at = headers["x-mlflow-delivery-id"], headers["x-mlflow-timestamp"]
            ids.add(id)
            signed = hmac.new(secret.encode(), f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
            self.assertEqual(headers["x-mlflow-signature"], f"v1,{base64.b64encode(signed).decode()}")
            self.assertLess(abs(int(at) - time.time()), 600)
            message = json.loads(body)
            said[f"{message['entity']}.{message['action']}"] = message["data"]
        self.assertEqual(len(ids), 6)
        self.assertEqual(said["registered_model.created"], {"name": name, "tags": {"a": "1"}, "description": "d"})
        version = said["model_version.created"]
        self.assertEqual((version["name"], version["version"], version["tags"]), (name, "1", {"t": "1"}))
        self.assertEqual(said["model_version_alias.created"], {"name": name, "alias": "best", "version": "1"})
        self.assertEqual(said["model_version_alias.deleted"], {"name": name, "alias": "best"})
        self.assertEqual(said["model_version_tag.set"], {"name": name, "version": "1", "key": "k", "value": "v"})
        self.assertEqual(said["model_version_tag.deleted"], {"name": name, "version": "1", "key": "k"})

    def test_sent_again_after_a_failure(self):
        self.receiver.fails = [503]
        self.hook("/again", ["registered_model.created"])
        self.client.create_registered_model(fresh("model"))
        found = self.receiver.wait("/again", 2)
        self.assertEqual(found[0][1], found[1][1])
        self.assertNotIn("x-mlflow-signature", {k.lower() for k in found[0][0]})

    def test_a_disabled_one_is_silent(self):
        self.hook("/off", ["registered_model.created"], status="DISABLED")
        self.hook("/on", ["registered_model.created"])
        self.client.create_registered_model(fresh("model"))
        self.receiver.wait("/on", 1)
        self.assertEqual([c for c in self.receiver.calls if c[0] == "/off"], [])

    def test_prompts_have_their_own(self):
        import mlflow

        self.hook("/prompt", ["prompt.created", "prompt_version.created"])
        self.hook("/model", ["registered_model.created", "model_version.created"])
        name = fresh("prompt").replace(" ", "-")
        mlflow.genai.register_prompt(name, "Say {{what}}.")
        found = {json.loads(body)["entity"] for _, body in self.receiver.wait("/prompt", 2)}
        self.assertEqual(found, {"prompt", "prompt_version"})
        self.assertEqual([c for c in self.receiver.calls if c[0] == "/model"], [])

    def test_tried(self):
        made = self.hook("/test", ["model_version.created"])
        result = self.client.test_webhook(made.webhook_id)
        self.assertEqual((result.success, result.response_status, result.response_body), (True, 200, "thanks"))
        self.receiver.fails = [404]
        result = self.client.test_webhook(made.webhook_id)
        self.assertEqual((result.success, result.response_status), (False, 404))
