"""Writes what PyTorch says about convolutions: results and gradients, in float64 and float32.

    python3 convolution_numbers.py            # rewrites the committed JSON file
    python3 convolution_numbers.py --check    # recomputes and compares; exit code 1 where they differ

Needs PyTorch 1.13 or newer and nothing else. The committed file was made with Debian 12's
python3-torch 1.13.1+dfsg-4. Inputs are multiples of 1/1024, which both types hold exactly; arrays
are flat lists in row-major order. Gradients are those of the sum of the squared results.
"""

import argparse
import json
import pathlib
import sys

import torch
import torch.nn.functional as F

from mlp_numbers import DTYPES, Numbers, plain

OUTPUT = (
    pathlib.Path(__file__).resolve().parents[1]
    / "resources/dev/tarn/testkit/pytorch/convolution_numbers.json"
)

CHECK_TOLERANCE = {"float64": 1e-12, "float32": 1e-4}

# name: image, kernel and the arguments of conv2d. Asymmetric padding is a pad before it.
CONV = {
    "plain": ([2, 3, 5, 6], [4, 3, 3, 3], {}),
    "one_by_one": ([2, 5, 3, 4], [3, 5, 1, 1], {}),
    "stride_and_padding": ([1, 2, 7, 8], [3, 2, 5, 5], {"stride": 2, "padding": 2}),
    "stride_three": ([2, 1, 9, 8], [2, 1, 3, 3], {"stride": 3, "padding": 1}),
    "dilation": ([1, 2, 8, 9], [2, 2, 3, 3], {"dilation": 2, "padding": 1}),
    "groups": ([2, 4, 5, 5], [6, 2, 3, 3], {"groups": 2, "padding": 1}),
    "depthwise": ([2, 3, 6, 5], [6, 1, 3, 3], {"groups": 3, "stride": 2, "padding": 1}),
    "rectangles": (
        [1, 2, 6, 9],
        [2, 2, 2, 4],
        {"stride": [2, 3], "padding": [1, 2], "dilation": [3, 1]},
    ),
    "larger_than_image": ([1, 1, 3, 2], [2, 1, 7, 7], {"padding": 3}),
    "asymmetric": ([2, 2, 5, 6], [3, 2, 4, 3], {"stride": [2, 1], "pads": [0, 3, 1, 2]}),
}

# name: image, kernel and the arguments of conv_transpose2d.
TRANSPOSED = {
    "transposed": ([2, 3, 4, 5], [3, 2, 3, 3], {}),
    "transposed_stride": ([1, 2, 4, 3], [2, 3, 4, 4], {"stride": 2, "padding": 1}),
    "transposed_output_padding": (
        [2, 2, 3, 4],
        [2, 2, 3, 3],
        {"stride": [3, 2], "padding": [1, 0], "output_padding": [2, 1]},
    ),
    "transposed_groups": (
        [1, 4, 4, 4],
        [4, 3, 3, 3],
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


def results(case, arguments, dtype):
    x = torch.tensor(case["x"], dtype=dtype).reshape(case["x_shape"]).requires_grad_()
    w = torch.tensor(case["w"], dtype=dtype).reshape(case["w_shape"]).requires_grad_()
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
    out = {"cases": {}, "float64": {}, "float32": {}}
    cases = [(k, v, False) for k, v in CONV.items()] + [(k, v, True) for k, v in TRANSPOSED.items()]
    for seed, (name, (image, kernel, arguments), transposed) in enumerate(cases, start=1):
        case = given(seed, image, kernel, arguments, transposed)
        out["cases"][name] = case
        for key, dtype in DTYPES.items():
            out[key][name] = results(case, arguments, dtype)
    return out


def differences(ours, theirs, tolerance, path):
    if isinstance(ours, dict):
        for key in ours:
            yield from differences(ours[key], theirs[key], tolerance, path + "/" + key)
    elif isinstance(ours, list):
        if len(ours) != len(theirs):
            yield path
        else:
            for i, (a, b) in enumerate(zip(ours, theirs)):
                yield from differences(a, b, tolerance, f"{path}[{i}]")
    elif abs(ours - theirs) > tolerance * max(1, abs(ours)):
        yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed file")
    check = parser.parse_args().check
    computed = compute()
    if not check:
        lines = json.dumps(computed, separators=(",", ":")).replace('},"', '},\n"')
        OUTPUT.write_text(lines + "\n")
        return
    committed = json.loads(OUTPUT.read_text())
    bad = list(differences(computed["cases"], committed["cases"], 0, "cases"))
    for key, tolerance in CHECK_TOLERANCE.items():
        bad += differences(computed[key], committed[key], tolerance, key)
    if bad:
        sys.exit("differs from PyTorch: " + ", ".join(bad[:10]))


if __name__ == "__main__":
    main()
