"""Saves the model in MLflow's ONNX flavour and becomes `mlflow models serve`."""
import os
import sys
import tempfile

import mlflow
import onnx

folder = os.path.join(tempfile.mkdtemp(prefix="bench-mlflow-"), "model")
options = {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
mlflow.onnx.save_model(onnx.load(os.environ["MODEL"]), folder, onnx_session_options=options)
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
program = os.path.join(os.path.dirname(sys.executable), "mlflow")
os.execv(
    program,
    [program, "models", "serve", "-m", folder, "-p", sys.argv[1], "-w", sys.argv[2], "--env-manager", "local"],
)
