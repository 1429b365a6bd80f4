"""Writes what PyTorch says about convolutions: results and gradients, for Tarn's tests.

    python3 convolution_numbers.py            # rewrites the committed JSON file
    python3 convolution_numbers.py --check    # recomputes and compares; exit code 1 where they differ

Made with PyTorch 1.13 on the CPU, with the conventions of numbers_file.py, but in float64
only: inputs are multiples of 1/1024; arrays flat and row-major. Gradients are those of the sum of
the squared results.
"""

import torch
import torch.nn.functional as F

import numbers_file
from numbers_file import Numbers, plain

# name: image, kernel and the arguments of conv2d. Asymmetric padding is a pad before it.
CONV = {
    "plain": ([2, 2, 4, 5], [3, 2, 3, 3], {}),
    "one_by_one": ([2, 3, 2, 3], [2, 3, 1, 1], {}),
    "stride_and_padding": ([1, 2, 5, 6], [2, 2, 5, 5], {"stride": 2, "padding": 2}),
    "stride_three": ([2, 1, 6, 7], [2, 1, 3, 3], {"stride": 3, "padding": 1}),
    "dilation": ([1, 2, 6, 7], [2, 2, 3, 3], {"dilation": 2, "padding": 1}),
    "groups": ([1, 4, 3, 4], [6, 2, 3, 3], {"groups": 2, "padding": 1}),
    "depthwise": ([2, 3, 4, 3], [6, 1, 3, 3], {"groups": 3, "stride": 2, "padding": 1}),
    "rectangles": (
        [1, 2, 5, 6],
        [2, 2, 2, 4],
        {"stride": [2, 3], "padding": [1, 2], "dilation": [3, 1]},
    ),
    "larger_than_image": ([1, 1, 3, 2], [2, 1, 7, 7], {"padding": 3}),
    "asymmetric": ([2, 2, 3, 4], [3, 2, 4, 3], {"stride": [2, 1], "pads": [0, 3, 1, 2]}),
}

# name: image, kernel and the arguments of conv_transpose2d.
TRANSPOSED = {
    "transposed": ([2, 3, 2, 3], [3, 2, 3, 3], {}),
    "transposed_stride": ([1, 2, 3, 2], [2, 3, 4, 4], {"stride": 2, "padding": 1}),
    "transposed_output_padding": (
        [1, 2, 2, 3],
        [2, 2, 3, 3],
        {"stride": [3, 2], "padding": [1, 0], "output_padding": [2, 1]},
    ),
    "transposed_groups": (
        [1, 4, 2, 3],
        [4, 2, 3, 3],
        {"groups": 2, "dilation": 2, "stride": 2, "padding": 2, "output_padding": 1},
    ),
}


def pair(value):
    return value if isinstance(value, list) else [value, value]


def given(seed, image, kernel, arguments, transposed):
    numbers = Numbers(seed)
    count = lambda shape: torch.Size(shape).numel()
    rows, columns = pair(arguments.get("padding", 0))
    left, right, top, bottom = arguments.get("pads", [columns, columns, rows, rows])
    return {
        "x_shape": image,
        "w_shape": kernel,
        "x": numbers.take(count(image)),
        "w": numbers.take(count(kernel)),
        "stride": pair(arguments.get("stride", 1)),
        "dilation": pair(arguments.get("dilation", 1)),
        "padding": [top, bottom, left, right],
        "output_padding": pair(arguments.get("output_padding", 0)),
        "groups": arguments.get("groups", 1),
        "transposed": transposed,
    }


def results(case, arguments):
    x = torch.tensor(case["x"], dtype=torch.float64).reshape(case["x_shape"]).requires_grad_()
    w = torch.tensor(case["w"], dtype=torch.float64).reshape(case["w_shape"]).requires_grad_()
    arguments = dict(arguments)
    padded = F.pad(x, arguments.pop("pads", [0, 0, 0, 0]))
    y = (F.conv_transpose2d if case["transposed"] else F.conv2d)(padded, w, **arguments)
    (y * y).sum().backward()
    return {
        "y_shape": list(y.shape),
        "y": plain(y),
        "x_gradient": plain(x.grad),
        "w_gradient": plain(w.grad),
    }


def compute():
    out = {"torch_version": torch.__version__, "cases": {}, "float64": {}}
    cases = [(k, v, False) for k, v in CONV.items()] + [(k, v, True) for k, v in TRANSPOSED.items()]
    for seed, (name, (image, kernel, arguments), transposed) in enumerate(cases, start=1):
        case = given(seed, image, kernel, arguments, transposed)
        out["cases"][name] = case
        out["float64"][name] = results(case, arguments)
    return out


if __name__ == "__main__":
    numbers_file.main("convolution_numbers", compute)
