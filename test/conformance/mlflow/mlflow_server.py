"""MLflow's own server as a process, with a store of its own: what our server is compared with.

--port --data --artifact-root --artifacts-destination
"""

import argparse
import json
import os
import shutil
import socket
import sqlite3

options = argparse.ArgumentParser()
for name in ("port", "data", "artifact-root", "artifacts-destination"):
    options.add_argument(f"--{name}", required=True)
given = options.parse_args()

os.makedirs(given.data, exist_ok=True)
database = os.path.join(given.data, "mlflow.db")
# Its migrations take seconds; all servers of a run share one that was migrated once.
template = os.environ.get("MLFLOW_CONFORMANCE_TEMPLATE")
if template and os.path.exists(template):
    shutil.copy(template, database)
    with sqlite3.connect(database) as change:
        place = f"{given.artifact_root.rstrip('/')}/0"
        change.execute("update experiments set artifact_location = ? where experiment_id = 0", [place])
os.environ.update(
    _MLFLOW_SERVER_FILE_STORE=f"sqlite:///{database}",
    _MLFLOW_SERVER_ARTIFACT_ROOT=given.artifact_root,
    _MLFLOW_SERVER_ARTIFACT_DESTINATION=given.artifacts_destination,
    _MLFLOW_SERVER_SERVE_ARTIFACTS="true",
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
)

# Where no name server answers, the name that the tests' webhooks have still means a public address; nothing is sent there.
ask = socket.getaddrinfo


def resolve(host, *arguments, **keywords):
    return ask("8.8.8.8" if host == "example.com" else host, *arguments, **keywords)


socket.getaddrinfo = resolve

import uvicorn  # noqa: E402
from mlflow.server.fastapi_app import app  # noqa: E402
from mlflow.server.handlers import initialize_backend_stores  # noqa: E402

initialize_backend_stores(f"sqlite:///{database}", default_artifact_root=given.artifact_root)
if template and not os.path.exists(template):
    shutil.copy(database, f"{template}.{os.getpid()}")
    os.replace(f"{template}.{os.getpid()}", template)
print(json.dumps({"url": f"http://127.0.0.1:{given.port}", "pid": os.getpid()}), flush=True)
uvicorn.run(app, host="127.0.0.1", port=int(given.port), log_level="error", ws="none")
