"""Writes MLServer's settings into a new folder and becomes `mlserver start` there."""
import json
import os
import sys
import tempfile

folder = tempfile.mkdtemp(prefix="bench-mlserver-")
here = os.path.dirname(os.path.abspath(__file__))
port, processes = int(sys.argv[1]), int(sys.argv[2])
settings = {
    "http_port": port,
    "grpc_port": port + 1,
    "metrics_port": port + 2,
    "debug": False,
    "parallel_workers": 0 if processes == 1 else processes,
}
with open(os.path.join(folder, "settings.json"), "w") as file:
    json.dump(settings, file)
with open(os.path.join(folder, "model-settings.json"), "w") as file:
    json.dump({"name": "model", "implementation": "mlserver_model.OnnxModel"}, file)
os.environ["PYTHONPATH"] = here
program = os.path.join(os.path.dirname(sys.executable), "mlserver")
os.execv(program, [program, "start", folder])
