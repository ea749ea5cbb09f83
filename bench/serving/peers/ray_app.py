"""Ray Serve with as many replicas as processes, and its own HTTP proxy before them."""
import os
import sys
import time

import ray
from ray import serve
from starlette.requests import Request

from scorer import fetches, open_session, run

port, processes = int(sys.argv[1]), int(sys.argv[2])


@serve.deployment(num_replicas=processes, ray_actor_options={"num_cpus": 0}, max_ongoing_requests=256)
class Model:
    def __init__(self):
        self.session = open_session()
        self.names = fetches(self.session)

    async def __call__(self, request: Request):
        import numpy as np

        [tensor] = (await request.json())["inputs"]
        rows = np.asarray(tensor["data"], dtype=np.float32).reshape(tensor["shape"])
        outputs = run(self.session, self.names, rows)
        return {
            "outputs": [
                {"name": n, "shape": list(v.shape), "data": v.ravel().tolist()}
                for n, v in zip(self.names, outputs)
            ]
        }


env = {"PYTHONPATH": os.path.dirname(os.path.abspath(__file__)), "MODEL": os.environ["MODEL"], "INPUT": os.environ["INPUT"]}
ray.init(include_dashboard=False, configure_logging=False, log_to_driver=False, runtime_env={"env_vars": env})
serve.start(http_options={"port": port, "host": "127.0.0.1"})
serve.run(Model.bind(), route_prefix="/infer")
while True:
    time.sleep(3600)
