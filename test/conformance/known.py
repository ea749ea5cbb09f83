"""Where the gateways are, and what their models say (see test/scenarios/tiny-models.ts)."""

import os
import re

import numpy as np

HTTP = os.environ["MILLWRIGHT_HTTP"].removeprefix("http://")
GRPC = os.environ["MILLWRIGHT_GRPC"]
GUARDED_HTTP = os.environ["MILLWRIGHT_GUARDED_HTTP"].removeprefix("http://")
GUARDED_GRPC = os.environ["MILLWRIGHT_GUARDED_GRPC"]
TOKEN = os.environ["MILLWRIGHT_TOKEN"]
BIG_ID = 2**53 + 1

EXTENSIONS = [
    "binary_tensor_data",
    "classification",
    "model_configuration",
    "model_repository",
    "parameters",
    "statistics",
]


def mail_probability(bias, amount, domain, subject):
    words = re.split(r"\W+", subject.lower())
    z = (
        bias
        + (0 if np.isnan(amount) else amount) / 100
        + (1 if domain == "evil.example" else 0)
        + 2 * words.count("invoice")
        - 2 * words.count("hello")
    )
    return 1 / (1 + np.exp(-z))


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


MAILS = (
    np.array([[120], [-30], [np.nan]], dtype=np.float32),
    np.array([["evil.example"], ["gööd.example"], [""]], dtype=np.object_),
    np.array([["Invoice INVOICE now"], ["hello there"], [""]], dtype=np.object_),
)


def mail_answers(bias=0):
    return np.array(
        [
            mail_probability(bias, float(a[0]), d[0], s[0])
            for a, d, s in zip(*MAILS)
        ],
        dtype=np.float32,
    )


MODELS = {"mail", "line", "three", "ids", "simple", "echo"}
VERSIONS = 7

ECHO = {
    "text": ("BYTES", np.array([["a", "ü"], ["", "日本" * 50]], dtype=np.object_)),
    "wide": ("INT64", np.array([[BIG_ID, -BIG_ID], [2**63 - 1, -(2**63)]], dtype=np.int64)),
    "half": ("FP16", np.array([[0.1, -2.5, 65504], [6e-8, np.inf, 0]], dtype=np.float16)),
    "truth": ("BOOL", np.array([[True, False], [False, True]])),
    "double": ("FP64", np.array([[0.1, 1e300], [-5e-324, 0]])),
    "picture": ("UINT8", np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)),
}


def echoed(result):
    """Every tensor came out as it went in."""
    for name, (datatype, sent) in ECHO.items():
        got = result.as_numpy(f"{name}_out")
        if datatype == "BYTES":
            texts = [t.decode() if isinstance(t, bytes) else t for t in got.ravel()]
            assert texts == list(sent.ravel()), name
        else:
            assert got.dtype == sent.dtype and got.shape == sent.shape, name
            assert got.tobytes() == sent.tobytes(), name
