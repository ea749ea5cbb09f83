import lightning
import mlflow
import mlflow.pytorch
import numpy as np
import onnx
import torch
from sklearn.datasets import load_iris
from torch.utils.data import DataLoader, TensorDataset

mlflow.set_experiment("autolog: PyTorch")
mlflow.pytorch.autolog()

x, y = load_iris(return_X_y=True)
rows = TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y))


class Net(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))

    def forward(self, x):
        return self.layers(x)

    def training_step(self, batch, _):
        loss = torch.nn.functional.cross_entropy(self(batch[0]), batch[1])
        self.log("train_loss", loss, on_epoch=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.02)


lightning.seed_everything(0)
with mlflow.start_run() as run:
    trainer = lightning.Trainer(max_epochs=5, accelerator="cpu", logger=False, enable_progress_bar=False)
    model = Net()
    trainer.fit(model, DataLoader(rows, batch_size=25, shuffle=True))
    model.eval()
    names = {"input_names": ["x"], "output_names": ["logits"], "dynamic_axes": {"x": {0: "n"}, "logits": {0: "n"}}}
    torch.onnx.export(model, (rows[:2][0],), "net.onnx", dynamo=False, **names)
    logged = mlflow.onnx.log_model(onnx.load("net.onnx"), name="onnx", input_example=x[:2].astype(np.float32))

assert mlflow.onnx.load_model(logged.model_uri).SerializeToString() == onnx.load("net.onnx").SerializeToString()
answers = mlflow.pyfunc.load_model(logged.model_uri).predict(x.astype(np.float32))
np.testing.assert_allclose(answers["logits"], model(rows.tensors[0]).detach().numpy(), atol=1e-4)
print(run.info.run_id)
