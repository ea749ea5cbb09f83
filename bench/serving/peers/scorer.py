"""One ONNX Runtime session with one thread, as all peers use it. MODEL and INPUT come from the environment."""
import os

import numpy as np
import onnxruntime as ort

INPUT = os.environ["INPUT"]


def open_session():
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])


def fetches(session):
    """Tensors only: maps cannot leave a server that answers tensors."""
    return [o.name for o in session.get_outputs() if o.type.startswith("tensor")]


def run(session, names, rows):
    return session.run(names, {INPUT: np.asarray(rows, dtype=np.float32)})
