"""Writes values and derivatives of element-wise functions and activations, computed by PyTorch.

    python3 activation_numbers.py            # rewrites the committed JSON file
    python3 activation_numbers.py --check    # recomputes and compares; exit code 1 where they differ

Needs PyTorch 1.13 or newer; the committed file was made with Debian 12's 1.13.1. Inputs are multiples
of 1/1024 that float32 holds exactly. Each function f is evaluated at x; the derivatives are those of
the sum over all elements of f(x) times a weight that differs from element to element, by each input.

Left out, because PyTorch computes something else on purpose: softplus and mish between 20 and 24,
where it leaves out less than 2.1e-9; hardswish at -3 and 3, whose derivatives differ between its
versions. hardsigmoid and hardswish are composed here, for PyTorch rounds their 1/6 to float32.
"""

import torch
import torch.nn.functional as F

import numbers_file
from numbers_file import DTYPES, Numbers, plain


LARGE = [-1e4, -1000.0, -104.0, -50.0, -19.5, 19.5, 30.0, 50.0, 88.0, 104.0, 1000.0, 1e4]
USUAL = [-7.5, -4.25, -2.5, -1.25, -0.5, -0.125, -1 / 1024, 1 / 1024, 0.25, 0.75, 1.5, 2.75, 4.0, 8.0]
KINKS = [-3.0, -1.0, 0.0, 1.0, 3.0, 6.0]
ALL = LARGE + USUAL + KINKS
POSITIVE = [1 / 1024, 0.0625, 0.5, 1.0, 1.5, 3.0, 64.0, 1e4]
BASES = [0.0, 0.0, 0.0, 0.25, 0.25, 1.0, 1.0, 2.0, 2.0, 10.0, 1.0009765625]
EXPONENTS = [0.0, 1.0, 2.5, 0.5, -3.0, 0.0, -7.25, 0.0, 10.5, -2.0, 1000.0]


def hardsigmoid(x):
    return F.relu6(x + 3) / 6


FUNCTIONS = {
    "erf": (torch.erf, ALL),
    "expm1": (torch.expm1, USUAL + KINKS + [-1e4, -104.0, -19.5, 10.0]),
    "log1p": (torch.log1p, [-0.9375, -0.5, -1 / 1024, 0.0, 1 / 1024, 1.0, 1000.0, 1e4]),
    "rsqrt": (torch.rsqrt, POSITIVE),
    "sign": (torch.sign, ALL),
    "square": (torch.square, USUAL + KINKS),
    "reciprocal": (torch.reciprocal, USUAL),
    "clip": (lambda x: x.clamp(-1, 3), ALL),
    "pow_-2.5": (lambda x: x.pow(-2.5), [0.25, 0.5, 1.0, 1.5, 3.0, 64.0, 1e4]),
    "pow_-1": (lambda x: x.pow(-1), USUAL),
    "pow_-0.5": (lambda x: x.pow(-0.5), POSITIVE),
    "pow_0.5": (lambda x: x.pow(0.5), POSITIVE),
    "pow_1": (lambda x: x.pow(1), ALL),
    "pow_2": (lambda x: x.pow(2), USUAL + KINKS),
    "pow_3": (lambda x: x.pow(3), USUAL + KINKS),
    "pow_4": (lambda x: x.pow(4), USUAL + KINKS),
    "leaky_relu_0.1": (lambda x: F.leaky_relu(x, 0.1), ALL),
    "elu_1": (F.elu, ALL),
    "elu_0.5": (lambda x: F.elu(x, 0.5), ALL),
    "celu_2": (lambda x: F.celu(x, 2.0), ALL),
    "selu": (F.selu, ALL),
    "relu6": (F.relu6, ALL),
    "hard_tanh": (F.hardtanh, ALL),
    "hard_sigmoid": (hardsigmoid, ALL),
    "hard_swish": (lambda x: x * hardsigmoid(x), [v for v in ALL if abs(v) != 3]),
    "gelu": (F.gelu, ALL),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), ALL),
    "silu": (F.silu, ALL),
    "mish": (F.mish, ALL),
    "softplus": (F.softplus, ALL),
    "softsign": (F.softsign, ALL),
    "log_sigmoid": (F.logsigmoid, ALL),
    "step": (lambda x: (x > 0).to(x.dtype) + 0 * x, ALL),
}


def maxout(x):
    return x.reshape(x.shape[0], x.shape[1] // 3, 3, *x.shape[2:]).amax(2)


# name: function of tensors, and the shapes of the tensors
TENSOR_FUNCTIONS = {
    "log_softmax": (lambda x: F.log_softmax(x, dim=-1), [[5, 7]]),
    "maxout_3": (maxout, [[2, 6, 5]]),
    "min_1": (lambda x: x.amin(1), [[3, 4, 5]]),
    "min": (lambda x: x.amin(), [[3, 4]]),
    "prelu": (F.prelu, [[4, 6], [1]]),
    "prelu_channel": (F.prelu, [[2, 3, 4], [3]]),
}


def evaluate(function, shapes, inputs, dtype):
    tensors = [
        torch.tensor(values, dtype=dtype).reshape(shape).requires_grad_()
        for shape, values in zip(shapes, inputs)
    ]
    values = function(*tensors)
    weights = torch.arange(values.numel(), dtype=dtype).reshape(values.shape) % 5 - 1.5
    (values * weights).sum().backward()
    return {"values": plain(values), "derivatives": [plain(t.grad) for t in tensors]}


def cases():
    numbers = Numbers(41)
    for name, (function, x) in FUNCTIONS.items():
        yield name, function, [[len(x)]], [x]
    yield "pow", torch.pow, [[len(BASES)]] * 2, [BASES, EXPONENTS]
    for name, (function, shapes) in TENSOR_FUNCTIONS.items():
        inputs = [numbers.take(torch.Size(shape).numel(), scale=4.0) for shape in shapes]
        if name == "log_softmax":
            # one row whose exponentials overflow, one whose all but one vanish
            inputs[0][:14] = [1000.0 + v for v in inputs[0][:7]] + [-1e4] * 6 + [1e4]
        yield name, function, shapes, inputs


def compute():
    result = {"torch_version": torch.__version__}
    for name, function, shapes, inputs in cases():
        result[name] = {"shapes": shapes, "inputs": inputs}
        for dtype_name, dtype in DTYPES.items():
            result[name][dtype_name] = evaluate(function, shapes, inputs, dtype)
    return result


if __name__ == "__main__":
    numbers_file.main("activation_numbers", compute)
