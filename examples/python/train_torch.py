"""PyTorch as a candidate (not in the config: its wheels are large). Add torch and onnxscript to requirements.txt, and
torch: { ...python, run: ["python", "train_torch.py"], params: { epochs: 60 } } to `commands`."""

import torch

from task import COLUMNS, MODEL, TASK, rows

torch.manual_seed(TASK["seed"])
x, y = rows()
inputs = torch.tensor(x.to_numpy("float32"))
target = torch.tensor(y.to_numpy("float32"))[:, None]
mean, deviation = inputs.mean(0), inputs.std(0)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(len(COLUMNS), 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))

    def forward(self, rows):
        positive = torch.sigmoid(self.layers((rows - mean) / deviation))
        return torch.cat([1 - positive, positive], 1)


model = Network()
optimizer = torch.optim.Adam(model.parameters(), 0.01)
for epoch in range(TASK["params"]["epochs"]):
    optimizer.zero_grad()
    loss = torch.nn.functional.binary_cross_entropy(model(inputs)[:, 1:], target)
    loss.backward()
    optimizer.step()
    print(f"epoch {epoch + 1}: loss {loss.item():.4f}")

torch.onnx.export(
    model,
    (inputs[:2],),
    MODEL,
    input_names=["input"],
    output_names=["probabilities"],
    dynamic_axes={"input": {0: "N"}, "probabilities": {0: "N"}},
    dynamo=False,
)
