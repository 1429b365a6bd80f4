"""Writes how PyTorch trains two small convolutional nets, for Tarn's tests.

    python3 model_numbers.py            # rewrites the committed JSON file
    python3 model_numbers.py --check    # recomputes and compares; exit code 1 where they differ

Made with PyTorch 1.13 on the CPU, with the conventions of numbers_file.py, but in float64
only: inputs and first parameters are multiples of 1/1024; arrays flat and row-major. Ten steps on
one batch: the losses, the first step's gradients, and what parameters and running statistics are
at the end.
"""

import math

import torch
import torch.nn.functional as F

import numbers_file
from numbers_file import Numbers, plain

STEPS = 10
CLASSES = 3

# Where a ReLU's input comes nearer to its kink, or the two largest elements of a window to each
# other, a float32 computation might take the other side.
MARGIN = 1e-5


class Net:
    """Layers by name over one dict of parameters; remembers how close it came to a kink."""

    def __init__(self, shapes, numbers):
        self.parameters = {}
        for name, shape in shapes.items():
            count = torch.Size(shape).numel()
            fan = torch.Size(shape[1:]).numel()
            values = numbers.take(count, scale=1 / math.sqrt(fan) if fan > 1 else 0.25)
            if "norm" in name and name.endswith("weight"):
                values = [1 + value for value in values]
            tensor = torch.tensor(values, dtype=torch.float64).reshape(shape)
            self.parameters[name] = tensor.requires_grad_()
        self.statistics = {}
        for name in self.parameters:
            if "norm" in name and name.endswith("weight"):
                layer, size = name[: -len(".weight")], self.parameters[name].numel()
                self.statistics[layer + ".running_mean"] = torch.zeros(size, dtype=torch.float64)
                self.statistics[layer + ".running_var"] = torch.ones(size, dtype=torch.float64)
        self.margin = math.inf

    def conv(self, x, name, stride=1, padding=1):
        bias = self.parameters.get(name + ".bias")
        return F.conv2d(x, self.parameters[name + ".weight"], bias, stride, padding)

    def norm(self, x, name):
        return F.batch_norm(
            x,
            self.statistics[name + ".running_mean"],
            self.statistics[name + ".running_var"],
            self.parameters[name + ".weight"],
            self.parameters[name + ".bias"],
            training=True,
        )

    def relu(self, x):
        self.margin = min(self.margin, x.abs().min().item())
        return F.relu(x)

    def max_pool(self, x):
        windows = F.unfold(x.reshape(-1, 1, *x.shape[2:]), 2, stride=2)
        two = windows.topk(2, dim=1).values
        apart = (two[:, 0] - two[:, 1])[two[:, 0] > 0]
        self.margin = min(self.margin, apart.min().item())
        return F.max_pool2d(x, 2)

    def dense(self, x, name):
        return F.linear(x, self.parameters[name + ".weight"], self.parameters[name + ".bias"])


class Cnn(Net):
    X = [6, 1, 6, 6]
    SHAPES = {
        "conv1.weight": [3, 1, 3, 3],
        "norm1.weight": [3],
        "norm1.bias": [3],
        "conv2.weight": [4, 3, 3, 3],
        "conv2.bias": [4],
        "out.weight": [CLASSES, 36],
        "out.bias": [CLASSES],
    }

    def logits(self, x):
        h = self.max_pool(self.relu(self.norm(self.conv(x, "conv1"), "norm1")))
        return self.dense(self.relu(self.conv(h, "conv2")).flatten(1), "out")


class ResNet(Net):
    X = [6, 1, 5, 5]
    SHAPES = {
        "stem.weight": [3, 1, 3, 3],
        "block1.conv1.weight": [3, 3, 3, 3],
        "block1.norm1.weight": [3],
        "block1.norm1.bias": [3],
        "block1.conv2.weight": [3, 3, 3, 3],
        "block1.norm2.weight": [3],
        "block1.norm2.bias": [3],
        "block2.conv1.weight": [4, 3, 3, 3],
        "block2.norm1.weight": [4],
        "block2.norm1.bias": [4],
        "block2.conv2.weight": [4, 4, 3, 3],
        "block2.norm2.weight": [4],
        "block2.norm2.bias": [4],
        "block2.shortcut.conv.weight": [4, 3, 1, 1],
        "block2.shortcut.norm.weight": [4],
        "block2.shortcut.norm.bias": [4],
        "out.weight": [CLASSES, 4],
        "out.bias": [CLASSES],
    }

    def block(self, x, name, stride):
        h = self.relu(self.norm(self.conv(x, name + ".conv1", stride), name + ".norm1"))
        return self.norm(self.conv(h, name + ".conv2"), name + ".norm2")

    def logits(self, x):
        x = self.conv(x, "stem")
        x = self.relu(x + self.block(x, "block1", 1))
        shortcut = self.conv(x, "block2.shortcut.conv", stride=2, padding=0)
        x = self.norm(shortcut, "block2.shortcut.norm") + self.block(x, "block2", 2)
        return self.dense(self.relu(x).mean([2, 3]), "out")


# name: the class, SGD's settings, and the smallest seed that keeps the margin
MODELS = {
    "cnn": (Cnn, {"lr": 0.05, "momentum": 0.9}, 1),
    "residual": (ResNet, {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}, 1),
}


def values(tensors):
    return {name: plain(tensor) for name, tensor in tensors.items()}


def train(kind, settings, seed):
    """Ten steps; weight decay, where there is any, spares biases and normalization."""
    numbers = Numbers(seed)
    x_values = numbers.take(torch.Size(kind.X).numel())
    x = torch.tensor(x_values, dtype=torch.float64).reshape(kind.X)
    labels = [i % CLASSES for i in range(kind.X[0])]
    net = kind(kind.SHAPES, numbers)
    result = {"x": x_values, "labels": labels, "parameters": values(net.parameters)}
    spared = [p for n, p in net.parameters.items() if n.endswith("bias") or "norm" in n]
    others = [p for n, p in net.parameters.items() if not (n.endswith("bias") or "norm" in n)]
    groups = [{"params": others}, {"params": spared, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, **settings)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(net.logits(x), torch.tensor(labels))
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            gradients = {name: plain(p.grad) for name, p in net.parameters.items()}
        optimizer.step()
    result["float64"] = {
        "losses": losses,
        "gradients": gradients,
        "parameters": values(net.parameters),
        "statistics": values(net.statistics),
    }
    return result, net.margin


def compute():
    out = {"torch_version": torch.__version__}
    for name, (kind, settings, seed) in MODELS.items():
        out[name], margin = train(kind, settings, seed)
        if margin < MARGIN:
            raise SystemExit(f"model_numbers: {name} comes to {margin:.1e} of a kink; other seed")
    return out


if __name__ == "__main__":
    numbers_file.main("model_numbers", compute)
