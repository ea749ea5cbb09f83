/** How a model of a flavor is logged as ONNX instead: two lines of Python, by the flavor's name in `MLmodel`. `X` are its rows. */
const RECIPES: Readonly<Record<string, readonly [string, string]>> = {
  sklearn: [
    "from skl2onnx import to_onnx",
    'mlflow.onnx.log_model(to_onnx(model, X[:1].to_numpy("float32")), name="model", signature=infer_signature(X))',
  ],
  xgboost: [
    "from onnxmltools import convert_xgboost; from onnxmltools.convert.common.data_types import FloatTensorType",
    'mlflow.onnx.log_model(convert_xgboost(model, initial_types=[("X", FloatTensorType([None, X.shape[1]]))]), name="model", signature=infer_signature(X))',
  ],
  lightgbm: [
    "from onnxmltools import convert_lightgbm; from onnxmltools.convert.common.data_types import FloatTensorType",
    'mlflow.onnx.log_model(convert_lightgbm(model, initial_types=[("X", FloatTensorType([None, X.shape[1]]))]), name="model", signature=infer_signature(X))',
  ],
  pytorch: [
    'torch.onnx.export(model, (torch.zeros(1, X.shape[1]),), "model.onnx", input_names=["X"], dynamic_axes={"X": {0: "rows"}})',
    'mlflow.onnx.log_model(onnx.load("model.onnx"), name="model", signature=infer_signature(X))',
  ],
  tensorflow: [
    'import tf2onnx; onx, _ = tf2onnx.convert.from_keras(model, output_path="model.onnx")',
    'mlflow.onnx.log_model(onx, name="model", signature=infer_signature(X))',
  ],
};

const OTHERS: readonly [string, string] = [
  'onx = onnx.load("model.onnx")  # as the library exports it',
  'mlflow.onnx.log_model(onx, name="model", signature=infer_signature(X))',
];

/** Why a model of these flavors is not served, and what to do about it, in words with the lines to write. */
export function howToOnnx(flavors: readonly string[]): string {
  const known = flavors.map((name) => (name === "keras" ? "tensorflow" : name));
  const recipe = RECIPES[known.find((name) => Object.hasOwn(RECIPES, name)) ?? ""] ?? OTHERS;
  const has = flavors.length === 0 ? "no flavor" : `the flavor ${flavors.slice(0, 5).join(", ")}`;
  return `The model has ${has}, which only Python can load: it is stored and listed, never loaded here. To have it judged and served, log it as ONNX:\n${recipe.join("\n")}`;
}
