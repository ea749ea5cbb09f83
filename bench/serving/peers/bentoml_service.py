"""bentoml serve bentoml_service:Model, with its adaptive batching on."""
import os

import bentoml
import numpy as np

from scorer import fetches, open_session, run


@bentoml.service(workers=int(os.environ.get("PROCESSES", "1")), metrics={"enabled": True})
class Model:
    def __init__(self):
        self.session = open_session()
        self.names = [n for n in fetches(self.session)][-1:]

    @bentoml.api(batchable=True, max_batch_size=128, max_latency_ms=1000)
    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return run(self.session, self.names, inputs)[0]
