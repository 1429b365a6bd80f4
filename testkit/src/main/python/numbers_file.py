"""What the scripts have in common that write the numbers Tarn's tests are compared with.

They need PyTorch 1.13 or newer and nothing else. The committed files were made with Debian 12's
python3-torch 1.13.1+dfsg-4 (which reports itself as 1.13.0a0) on Python 3.11.

Most is computed twice, in float64 and in float32, from the same inputs: each input is a multiple of
1/1024 that both types hold exactly. Arrays are flat lists in row-major order. A float32 result is
written as the exact decimal of that float, so parsing it as float or double loses nothing.
Gradients of losses are those of the mean over the batch unless a key says otherwise.
"""

import argparse
import json
import pathlib
import sys

import torch

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "resources/dev/tarn/testkit/pytorch"

DTYPES = {"float64": torch.float64, "float32": torch.float32}

# --check allows this much, relative to max(1, |value|). Other CPUs sum float32 in another order.
CHECK_TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


class Numbers:
    """Multiples of 1/1024 in [-1000/1024, 1000/1024] from the minimal-standard generator."""

    def __init__(self, seed):
        self.state = seed

    def take(self, count, scale=1.0):
        values = []
        for _ in range(count):
            self.state = self.state * 48271 % (2**31 - 1)
            values.append(round((self.state % 2001 - 1000) * scale) / 1024)
        return values


def plain(tensor):
    return tensor.detach().flatten().tolist()


def to_json(value, indent=""):
    """Objects over several lines, each array on one, so that a diff names what changed."""
    if not isinstance(value, dict):
        return json.dumps(value, allow_nan=False)
    inner = indent + "  "
    members = [f"{inner}{json.dumps(k)}: {to_json(v, inner)}" for k, v in value.items()]
    return "{\n" + ",\n".join(members) + "\n" + indent + "}"


def differences(committed, computed, path="", tolerance=0.0):
    """Yields a line for each place where the two trees differ; inputs must be equal exactly."""
    if isinstance(committed, dict) and isinstance(computed, dict):
        for key in sorted(committed.keys() ^ computed.keys()):
            yield f"{path}/{key}: only in one of the two"
        for key in committed.keys() & computed.keys():
            inner = CHECK_TOLERANCE.get(key, tolerance)
            yield from differences(committed[key], computed[key], f"{path}/{key}", inner)
    elif isinstance(committed, list) and isinstance(computed, list):
        if len(committed) != len(computed):
            yield f"{path}: {len(committed)} values committed, {len(computed)} computed"
        for i, (left, right) in enumerate(zip(committed, computed)):
            yield from differences(left, right, f"{path}[{i}]", tolerance)
    elif isinstance(committed, float) and isinstance(computed, float):
        # Written so that a NaN counts as a difference.
        if not abs(committed - computed) <= tolerance * max(1.0, abs(committed)):
            yield f"{path}: {committed!r} committed, {computed!r} computed"
    elif committed != computed:
        yield f"{path}: {committed!r} committed, {computed!r} computed"


def check(file, computed, tolerance):
    try:
        committed = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"cannot read {file}: {error}; run without --check", file=sys.stderr)
        return 1
    # Another PyTorch is welcome to agree.
    committed.pop("torch_version", None)
    computed.pop("torch_version")
    found = sorted(differences(committed, json.loads(to_json(computed)), tolerance=tolerance))
    for line in found[:20]:
        print(line, file=sys.stderr)
    print(f"{len(found)} differences from {file.name}, PyTorch {torch.__version__}")
    return 1 if found else 0


def main(name, compute, tolerance=0.0):
    """Writes or checks NAME.json and exits. The tolerance is that of what has no type in its path."""
    parser = argparse.ArgumentParser(description="Numbers from PyTorch for Tarn's tests.")
    parser.add_argument("--check", action="store_true", help="compare with the committed file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    file = FOLDER / f"{name}.json"
    computed = compute()
    if arguments.check:
        sys.exit(check(file, computed, tolerance))
    file.write_text(to_json(computed) + "\n", encoding="utf-8")
