"""A custom runtime, as MLServer has none for ONNX: numpy in, numpy out."""
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

from scorer import fetches, open_session, run


class OnnxModel(MLModel):
    async def load(self) -> bool:
        self.session = open_session()
        self.names = fetches(self.session)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        outputs = run(self.session, self.names, rows)
        return InferenceResponse(
            id=payload.id,
            model_name=self.name,
            outputs=[NumpyCodec.encode_output(n, v) for n, v in zip(self.names, outputs)],
        )
