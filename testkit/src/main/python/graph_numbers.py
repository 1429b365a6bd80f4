"""Writes the numbers of models with several inputs, outputs and losses from PyTorch.

    python3 graph_numbers.py            # rewrites the committed JSON file
    python3 graph_numbers.py --check    # recomputes and compares; exit code 1 where they differ

The conventions are those of numbers_file.py, which this needs beside it.
"""

import torch
import torch.nn.functional as F

import numbers_file
from numbers_file import DTYPES, Numbers, plain

STEPS = 10
N = 8
WORDS = [[0, 3, 3], [1, 2, 0], [5, 5, 5], [4, 1, 2], [0, 0, 1], [3, 5, 1], [2, 2, 4], [1, 3, 5]]
LABELS = [0, 1, 2, 3, 2, 0, 3, 1]
CLASS_WEIGHTS = [0.5, 2.0, 1.0, 0.25]

# name, outputs, inputs; the table of words is [vocabulary, width]
TWO_INPUTS = [("image", 6, 5), ("shared", 4, 4), ("classes", 4, 10), ("value", 2, 10)]
GAN = [
    ("generator.fc1", 5, 2),
    ("generator.out", 3, 5),
    ("discriminator.fc1", 6, 3),
    ("discriminator.out", 1, 6),
]


def dense_parameters(numbers, layers):
    parameters = {}
    for name, outputs, inputs in layers:
        parameters[name + ".weight"] = numbers.take(outputs * inputs)
        parameters[name + ".bias"] = numbers.take(outputs, scale=0.25)
    return parameters


def tensors(parameters, layers, dtype):
    shapes = {"words.weight": [6, 4]}
    for name, outputs, inputs in layers:
        shapes[name + ".weight"] = [outputs, inputs]
        shapes[name + ".bias"] = [outputs]
    return {
        name: torch.tensor(values, dtype=dtype).reshape(shapes[name]).requires_grad_()
        for name, values in parameters.items()
    }


def layer(p, name, x):
    return F.linear(x, p[name + ".weight"], p[name + ".bias"])


def values(p):
    return {name: plain(tensor) for name, tensor in p.items()}


# ---- Two inputs, a layer that is used twice, two outputs -------------------------------------


def two_inputs():
    numbers = Numbers(23)
    given = {
        "x": numbers.take(N * 5),
        "words": sum(WORDS, []),
        "labels": LABELS,
        "wanted": numbers.take(N * 2),
        "parameters": {
            "words.weight": numbers.take(6 * 4),
            **dense_parameters(numbers, TWO_INPUTS),
        },
    }
    for dtype_name, dtype in DTYPES.items():
        given[dtype_name] = {
            "plain": train_two_inputs(given, dtype, None),
            "class_weights": train_two_inputs(given, dtype, CLASS_WEIGHTS),
        }
    return given


def train_two_inputs(given, dtype, class_weights):
    p = tensors(given["parameters"], TWO_INPUTS, dtype)
    x = torch.tensor(given["x"], dtype=dtype).reshape(N, 5)
    wanted = torch.tensor(given["wanted"], dtype=dtype).reshape(N, 2)
    weights = None if class_weights is None else torch.tensor(class_weights, dtype=dtype)
    optimizer = torch.optim.Adam(p.values(), lr=0.05)
    result = {"losses": [], "classes": [], "value": []}
    for _ in range(STEPS):
        words = F.embedding(torch.tensor(WORDS), p["words.weight"]).mean(1)
        twice = torch.tanh(layer(p, "shared", torch.tanh(layer(p, "shared", words))))
        both = torch.cat([torch.tanh(layer(p, "image", x)), twice], 1)
        classes, value = layer(p, "classes", both), layer(p, "value", both)
        first = F.cross_entropy(classes, torch.tensor(LABELS), weight=weights)
        second = F.mse_loss(value, wanted)
        loss = 0.75 * first + 0.25 * second
        optimizer.zero_grad()
        loss.backward()
        if not result["losses"]:
            result["predictions"] = [plain(F.softmax(classes, 1)), plain(value)]
            result["gradients"] = {name: plain(tensor.grad) for name, tensor in p.items()}
        result["losses"].append(loss.item())
        result["classes"].append(first.item())
        result["value"].append(second.item())
        optimizer.step()
    result["parameters"] = values(p)
    return result


# ---- A generator against a discriminator -----------------------------------------------------


def gan():
    numbers = Numbers(29)
    given = {
        "real": numbers.take(N * 3),
        "noise": numbers.take(STEPS * N * 2),
        "parameters": dense_parameters(numbers, GAN),
    }
    for dtype_name, dtype in DTYPES.items():
        given[dtype_name] = train_gan(given, dtype)
    return given


def train_gan(given, dtype):
    """Both players move at once: each gradient is taken at the state before the step."""
    p = tensors(given["parameters"], GAN, dtype)
    ours = {
        who: [tensor for name, tensor in p.items() if name.startswith(who)]
        for who in ("generator", "discriminator")
    }
    optimizers = {
        "generator": torch.optim.Adam(ours["generator"], lr=0.02, betas=(0.5, 0.999)),
        "discriminator": torch.optim.Adam(ours["discriminator"], lr=0.05),
    }
    real = torch.tensor(given["real"], dtype=dtype).reshape(N, 3)
    noise = torch.tensor(given["noise"], dtype=dtype).reshape(STEPS, N, 2)
    result = {"real": [], "fake": [], "fooled": []}

    def judge(x):
        return layer(p, "discriminator.out", torch.tanh(layer(p, "discriminator.fc1", x)))

    for step in range(STEPS):
        hidden = torch.tanh(layer(p, "generator.fc1", noise[step]))
        of_real, of_fake = judge(real), judge(layer(p, "generator.out", hidden))
        one, zero = torch.ones_like(of_real), torch.zeros_like(of_fake)
        terms = {
            "real": F.binary_cross_entropy_with_logits(of_real, one),
            "fake": F.binary_cross_entropy_with_logits(of_fake, zero),
            "fooled": F.binary_cross_entropy_with_logits(of_fake, one),
        }
        objectives = {
            "discriminator": 0.5 * terms["real"] + 0.5 * terms["fake"],
            "generator": terms["fooled"],
        }
        gradients = {
            who: torch.autograd.grad(loss, ours[who], retain_graph=True)
            for who, loss in objectives.items()
        }
        for who, found in gradients.items():
            for tensor, gradient in zip(ours[who], found):
                tensor.grad = gradient
        if step == 0:
            result["gradients"] = {name: plain(tensor.grad) for name, tensor in p.items()}
        for name, loss in terms.items():
            result[name].append(loss.item())
        for optimizer in optimizers.values():
            optimizer.step()
    result["parameters"] = values(p)
    return result


def compute():
    return {"torch_version": torch.__version__, "two_inputs": two_inputs(), "gan": gan()}


if __name__ == "__main__":
    numbers_file.main("graph_numbers", compute, tolerance=1e-6)
