"""uvicorn fastapi_app:app. One run a request, on the event loop: with models this small a thread costs more than it gives."""
from fastapi import FastAPI
from pydantic import BaseModel
import numpy as np

from scorer import fetches, open_session, run


class Tensor(BaseModel):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class Request(BaseModel):
    inputs: list[Tensor]


app = FastAPI()
session = open_session()
names = fetches(session)


@app.post("/infer")
async def infer(request: Request):
    [tensor] = request.inputs
    outputs = run(session, names, np.asarray(tensor.data, dtype=np.float32).reshape(tensor.shape))
    return {
        "outputs": [
            {"name": name, "shape": list(value.shape), "data": value.ravel().tolist()}
            for name, value in zip(names, outputs)
        ]
    }
