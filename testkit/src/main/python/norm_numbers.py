"""Writes what PyTorch computes for pooling and normalization, for Tarn's tests.

    python3 norm_numbers.py            # rewrites the committed JSON file
    python3 norm_numbers.py --check    # recomputes and compares; exit code 1 where they differ

Made with PyTorch 1.13 on the CPU, with the conventions of numbers_file.py: float64 and
float32 from the same inputs, multiples of 1/1024; arrays flat and row-major. The loss whose
gradients are given is the sum of the outputs, each times its weight "w".
"""

import torch
import torch.nn.functional as F

import numbers_file
from numbers_file import DTYPES, Numbers, plain

# name: input shape, kernel, stride, padding, ceil mode, whether padding counts (None: a maximum)
POOLINGS = {
    "max_2": ([1, 2, 5, 6], 2, 2, 0, False, None),
    "max_3_stride_2_padding_1": ([2, 1, 7, 6], 3, 2, 1, False, None),
    "max_ceil": ([1, 2, 6, 7], 3, 2, 0, True, None),
    "max_padding_ceil": ([1, 1, 5, 4], 2, 3, 1, True, None),
    "average_2": ([1, 2, 5, 6], 2, 2, 0, False, False),
    "average_padding": ([1, 1, 7, 6], 3, 2, 1, False, False),
    "average_padding_counted": ([1, 1, 7, 6], 3, 2, 1, False, True),
    "average_ceil": ([1, 1, 6, 7], 3, 2, 0, True, False),
    "average_ceil_counted": ([1, 1, 6, 7], 3, 2, 1, True, True),
    "average_padding_ceil_counted": ([1, 1, 5, 4], 2, 3, 1, True, True),
}

# name: input shape, the layer
NORMALIZATIONS = {
    "batch_norm_1d": ([6, 3], lambda: torch.nn.BatchNorm1d(3)),
    "batch_norm_2d": ([3, 2, 2, 3], lambda: torch.nn.BatchNorm2d(2)),
    "layer_norm": ([4, 5], lambda: torch.nn.LayerNorm(5)),
    "layer_norm_two_axes": ([3, 2, 4], lambda: torch.nn.LayerNorm([2, 4])),
    "group_norm": ([2, 4, 3, 2], lambda: torch.nn.GroupNorm(2, 4)),
}
STEPS = 3


def size(shape):
    return torch.Size(shape).numel()


def pool(x, kernel, stride, padding, ceil, counted):
    if counted is None:
        return F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil)
    return F.avg_pool2d(x, kernel, stride, padding, ceil, counted)


def distinct(numbers, count):
    """Numbers without ties, which windows would resolve by their order."""
    values = []
    while len(values) < count:
        values += [v for v in numbers.take(1) if v not in values]
    return values


def pooling_section():
    numbers = Numbers(11)
    section = {"cases": {}}
    section.update({dtype_name: {} for dtype_name in DTYPES})
    for name, (shape, kernel, stride, padding, ceil, counted) in POOLINGS.items():
        values = distinct(numbers, size(shape))
        output = pool(torch.tensor(values).reshape(shape), kernel, stride, padding, ceil, counted)
        weights = numbers.take(output.numel())
        section["cases"][name] = {
            "shape": shape,
            "x": values,
            "w": weights,
            "output_shape": list(output.shape),
            "kernel": kernel,
            "stride": stride,
            "padding": padding,
            "ceil": ceil,
            "max": counted is None,
            "count_include_pad": counted is True,
        }
        for dtype_name, dtype in DTYPES.items():
            x = torch.tensor(values, dtype=dtype).reshape(shape).requires_grad_()
            y = pool(x, kernel, stride, padding, ceil, counted)
            (y * torch.tensor(weights, dtype=dtype).reshape(y.shape)).sum().backward()
            section[dtype_name][name] = {"y": plain(y), "dx": plain(x.grad)}
    return section


def normalization_section():
    """Three training steps, each with its own input; then evaluation of the first input."""
    numbers = Numbers(13)
    section = {"cases": {}}
    section.update({dtype_name: {} for dtype_name in DTYPES})
    for name, (shape, make) in NORMALIZATIONS.items():
        count = make().weight.numel()
        given = {
            "shape": shape,
            "weight": numbers.take(count),
            "bias": numbers.take(count),
            "x": [numbers.take(size(shape)) for _ in range(STEPS)],
            "w": [numbers.take(size(shape)) for _ in range(STEPS)],
        }
        section["cases"][name] = given
        for dtype_name, dtype in DTYPES.items():
            layer = make().to(dtype)
            for key in ("weight", "bias"):
                parameter = getattr(layer, key)
                parameter.data = torch.tensor(given[key], dtype=dtype).reshape(parameter.shape)
            results = {"y": [], "dx": [], "dweight": [], "dbias": []}
            for values, weights in zip(given["x"], given["w"]):
                layer.zero_grad()
                x = torch.tensor(values, dtype=dtype).reshape(shape).requires_grad_()
                y = layer(x)
                (y * torch.tensor(weights, dtype=dtype).reshape(shape)).sum().backward()
                results["y"].append(plain(y))
                results["dx"].append(plain(x.grad))
                results["dweight"].append(plain(layer.weight.grad))
                results["dbias"].append(plain(layer.bias.grad))
            for key in ("running_mean", "running_var"):
                if hasattr(layer, key):
                    results[key] = plain(getattr(layer, key))
            layer.eval()
            first = torch.tensor(given["x"][0], dtype=dtype).reshape(shape)
            results["evaluated"] = plain(layer(first))
            section[dtype_name][name] = results
    return section


def compute():
    return {
        "torch_version": torch.__version__,
        "pooling": pooling_section(),
        "normalization": normalization_section(),
    }


if __name__ == "__main__":
    numbers_file.main("norm_numbers", compute)
