"""Writes the reference numbers that Tarn's tests compare against, computed by PyTorch on the CPU.

    python3 mlp_numbers.py            # rewrites the committed JSON file
    python3 mlp_numbers.py --check    # recomputes and compares; exit code 1 where they differ

numbers_file.py says what is needed and how numbers are written.
"""

import math

import torch
import torch.nn.functional as F

import numbers_file
from numbers_file import DTYPES, Numbers, plain

BATCH = 8
LAYERS = [("fc1", 5, 7), ("fc2", 7, 6), ("out", 6, 4)]  # name, inputs, outputs
LABELS = [0, 1, 2, 3, 2, 0, 3, 1]
STEPS = 10

# Near a kink of ReLU, rounding would decide the gradient. The first margin holds for the initial
# state, the second for every state that any of the optimizers passes through.
INITIAL_MARGIN = 1e-3
TRAINING_MARGIN = 1e-4

# The smallest seed that meets both margins and gives every parameter a non-zero gradient.
SEED = 211

OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}),
    "sgd_momentum": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "sgd_momentum_weight_decay": (
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01},
    ),
    "sgd_nesterov": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "adam": (torch.optim.Adam, {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8}),
    "adamw": (
        torch.optim.AdamW,
        {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.1},
    ),
}


def mlp_inputs(seed):
    numbers = Numbers(seed)
    x = numbers.take(BATCH * LAYERS[0][1])
    shapes, parameters = {"x": [BATCH, LAYERS[0][1]], "logits": [BATCH, LAYERS[-1][2]]}, {}
    for name, inputs, outputs in LAYERS:
        shapes[name + ".weight"] = [outputs, inputs]
        shapes[name + ".bias"] = [outputs]
        parameters[name + ".weight"] = numbers.take(outputs * inputs)
        parameters[name + ".bias"] = numbers.take(outputs, scale=0.25)
    return x, shapes, parameters


class Mlp:
    """fc1, ReLU, fc2, ReLU, out; remembers how close a pre-activation came to zero."""

    def __init__(self, inputs, dtype):
        x, shapes, parameters = inputs
        self.x = torch.tensor(x, dtype=dtype).reshape(shapes["x"])
        self.labels = torch.tensor(LABELS)
        self.parameters = {
            name: torch.tensor(values, dtype=dtype).reshape(shapes[name]).requires_grad_()
            for name, values in parameters.items()
        }
        self.margin = math.inf

    def logits(self):
        h = self.x
        for name, _, _ in LAYERS[:-1]:
            h = F.linear(h, self.parameters[name + ".weight"], self.parameters[name + ".bias"])
            self.margin = min(self.margin, h.abs().min().item())
            h = F.relu(h)
        return F.linear(h, self.parameters["out.weight"], self.parameters["out.bias"])

    def loss(self):
        return F.cross_entropy(self.logits(), self.labels)

    def values(self):
        return {name: plain(p) for name, p in self.parameters.items()}


def require(condition, message):
    if not condition:
        raise SystemExit("mlp_numbers: " + message + "; choose another SEED")


def initial_state(inputs, dtype):
    mlp = Mlp(inputs, dtype)
    logits = mlp.logits()
    require(mlp.margin > INITIAL_MARGIN, f"an initial pre-activation is at {mlp.margin:.1e}")
    loss = F.cross_entropy(logits, mlp.labels)
    loss.backward()
    gradients = {name: plain(p.grad) for name, p in mlp.parameters.items()}
    for name, values in gradients.items():
        require(all(values), f"{name} has a zero gradient, so a unit never fires")
    return {
        "logits": plain(logits),
        "loss": loss.item(),
        "sample_losses": plain(F.cross_entropy(logits, mlp.labels, reduction="none")),
        "gradients": gradients,
    }


def train(inputs, dtype, optimizer_class, settings):
    """Full-batch steps; weight decay, where there is any, spares the biases."""
    mlp = Mlp(inputs, dtype)
    weights = [p for name, p in mlp.parameters.items() if name.endswith(".weight")]
    biases = [p for name, p in mlp.parameters.items() if name.endswith(".bias")]
    decay = settings.get("weight_decay", 0.0)
    groups = [
        {"params": weights, "weight_decay": decay},
        {"params": biases, "weight_decay": 0.0},
    ]
    optimizer = optimizer_class(groups, **settings)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = mlp.loss()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    require(mlp.margin > TRAINING_MARGIN, f"a pre-activation comes to {mlp.margin:.1e}")
    result = {"losses": losses, "parameters": mlp.values()}
    if optimizer_class is torch.optim.Adam:
        for moment in ("exp_avg", "exp_avg_sq"):
            result[moment] = {
                name: plain(optimizer.state[p][moment]) for name, p in mlp.parameters.items()
            }
    return result


def mlp_section(seed):
    inputs = mlp_inputs(seed)
    x, shapes, parameters = inputs
    section = {
        "shapes": shapes,
        "x": x,
        "labels": LABELS,
        "parameters": parameters,
        "optimizer_settings": {name: settings for name, (_, settings) in OPTIMIZERS.items()},
    }
    for dtype_name, dtype in DTYPES.items():
        section[dtype_name] = initial_state(inputs, dtype)
        section[dtype_name]["optimizers"] = {
            name: train(inputs, dtype, optimizer_class, settings)
            for name, (optimizer_class, settings) in OPTIMIZERS.items()
        }
    return section


def cross_entropy_section():
    """Logits whose naive exponential overflows, with likely labels and with unlikely ones."""
    logits = [[1000.0, -1000.0, 0.0], [-1e4, 0.0, 1e4], [0.0, 0.0, 0.0]]
    cases = {"likely": [0, 2, 1], "unlikely": [1, 0, 2]}
    section = {"shape": [3, 3], "logits": sum(logits, []), "labels": cases}
    for dtype_name, dtype in DTYPES.items():
        section[dtype_name] = {}
        for case, labels in cases.items():
            tensor = torch.tensor(logits, dtype=dtype, requires_grad=True)
            losses = F.cross_entropy(tensor, torch.tensor(labels), reduction="none")
            loss = losses.mean()
            loss.backward()
            section[dtype_name][case] = {
                "sample_losses": plain(losses),
                "loss": loss.item(),
                "gradient": plain(tensor.grad),
            }
    return section


def elementwise_section():
    signed = [-8.0, -3.25, -1.0, -0.5, -0.125, -1 / 1024, 1 / 1024, 0.25, 0.75, 1.5, 3.0, 8.0]
    positive = [1 / 1024, 0.0625, 0.25, 0.5, 0.9375, 1.0, 1.0625, 2.0, 3.5, 10.0, 100.0, 1000.0]
    functions = {
        "relu": (torch.relu, signed),
        "exp": (torch.exp, signed),
        "log": (torch.log, positive),
        "sqrt": (torch.sqrt, positive),
        "tanh": (torch.tanh, signed),
        "sigmoid": (torch.sigmoid, signed),
        "abs": (torch.abs, signed),
    }
    section = {"x": {name: x for name, (_, x) in functions.items()}}
    for dtype_name, dtype in DTYPES.items():
        section[dtype_name] = {}
        for name, (function, x) in functions.items():
            tensor = torch.tensor(x, dtype=dtype, requires_grad=True)
            values = function(tensor)
            values.sum().backward()
            section[dtype_name][name] = {
                "values": plain(values),
                "derivatives": plain(tensor.grad),
            }
    return section


def matmul_section():
    """c = op(a) op(b) is [3, 2] in each case; a and b are given as stored, before op."""
    section = {"c_shape": [3, 2], "cases": {}}
    section.update({dtype_name: {} for dtype_name in DTYPES})
    numbers = Numbers(7)
    for case, transpose_a, transpose_b in [
        ("nn", False, False),
        ("nt", False, True),
        ("tn", True, False),
        ("tt", True, True),
    ]:
        a_shape = [4, 3] if transpose_a else [3, 4]
        b_shape = [2, 4] if transpose_b else [4, 2]
        a_values, b_values = numbers.take(12), numbers.take(8)
        section["cases"][case] = {
            "transpose_a": transpose_a,
            "transpose_b": transpose_b,
            "a_shape": a_shape,
            "b_shape": b_shape,
            "a": a_values,
            "b": b_values,
        }
        for dtype_name, dtype in DTYPES.items():
            a = torch.tensor(a_values, dtype=dtype).reshape(a_shape).requires_grad_()
            b = torch.tensor(b_values, dtype=dtype).reshape(b_shape).requires_grad_()
            c = (a.t() if transpose_a else a) @ (b.t() if transpose_b else b)
            loss = c.square().sum()
            loss.backward()
            section[dtype_name][case] = {
                "c": plain(c),
                "loss": loss.item(),
                "a_gradient": plain(a.grad),
                "b_gradient": plain(b.grad),
            }
    return section


def compute():
    return {
        "torch_version": torch.__version__,
        "mlp": mlp_section(SEED),
        "cross_entropy": cross_entropy_section(),
        "elementwise": elementwise_section(),
        "matmul": matmul_section(),
    }


if __name__ == "__main__":
    numbers_file.main("mlp_numbers", compute)
