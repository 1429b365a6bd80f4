"""Writes the numbers of PyTorch for softmax, embeddings, batched products, running sums and moved data.

    python3 movement_numbers.py            # rewrites the committed JSON file
    python3 movement_numbers.py --check    # recomputes and compares; exit code 1 where they differ

Needs PyTorch 1.13 or newer and nothing else. Everything is computed in float64 and in float32 from
inputs that are multiples of 1/64, which both types hold exactly. Arrays are flat, in row-major order.
Each case has the gradients of sum(output * weights) by its inputs, with weights like the inputs.
"""

import argparse
import json
import pathlib
import sys

import torch
import torch.nn.functional as F

OUTPUT = (
    pathlib.Path(__file__).resolve().parents[1]
    / "resources/dev/tarn/testkit/pytorch/movement_numbers.json"
)

DTYPES = {"float64": torch.float64, "float32": torch.float32}

# --check allows this much, relative to max(1, |value|). Other CPUs sum float32 in another order.
CHECK_TOLERANCE = {"float64": 1e-12, "float32": 1e-5}

INDICES = [[0, 3, 3], [1, 0, 3], [6, 3, 1], [0, 0, 5]]  # 2 and 4 of seven rows are never taken


def chain(a, b):
    """Slices, a concatenation, a transpose and a padding, one after the other."""
    joined = torch.cat([a[:, 1:3], b.transpose(1, 2), a[:, :1]], dim=1)
    padded = F.pad(joined, (2, 1, 0, 1), value=0.5)
    first, second, third = padded.permute(2, 0, 1).split([3, 4, 1], dim=0)
    return torch.cat([second.exp(), first[:, :, 1:2].expand(3, 2, 6), third * second[:1]], dim=0)


# Name: shapes of the inputs, what is computed from them.
CASES = {
    "softmax": ([(3, 2, 5)], lambda x: F.softmax(4 * x, dim=-1)),
    "log_softmax": ([(3, 2, 5)], lambda x: F.log_softmax(4 * x, dim=-1)),
    "embedding": ([(7, 3)], lambda table: F.embedding(torch.tensor(INDICES), table)),
    "batched_matmul": ([(3, 2, 4), (3, 4, 5)], torch.matmul),
    "batched_matmul_shared_left": ([(2, 4), (3, 4, 5)], torch.matmul),
    "batched_matmul_shared_right": ([(3, 2, 4), (4, 5)], torch.matmul),
    "batched_matmul_one_left": ([(1, 2, 4), (3, 4, 5)], torch.matmul),
    "batched_matmul_transposed": (
        [(3, 4, 2), (3, 5, 4)],
        lambda a, b: torch.matmul(a.transpose(1, 2), b.transpose(1, 2)),
    ),
    "chain": ([(2, 3, 5), (2, 5, 2)], chain),
    "cumulative_sum": ([(3, 7, 2)], lambda x: torch.cumsum(x, dim=1)),
}


def numbers(shape, seed):
    """Multiples of 1/64 between -1 and 1 by a generator that is easy to repeat elsewhere."""
    count = 1
    for extent in shape:
        count *= extent
    values = []
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) % 2**31
        values.append(((seed >> 16) % 129 - 64) / 64)
    return values


def tensor(values, shape, dtype):
    return torch.tensor(values, dtype=dtype).reshape(shape)


def plain(t):
    return [float(v) for v in t.detach().reshape(-1)]


def case(name, seed):
    shapes, function = CASES[name]
    inputs = [numbers(shape, seed + i) for i, shape in enumerate(shapes)]
    section = {"shapes": [list(shape) for shape in shapes], "inputs": inputs}
    for type_name, dtype in DTYPES.items():
        given = [tensor(v, s, dtype).requires_grad_() for v, s in zip(inputs, shapes)]
        output = function(*given)
        section["output_shape"] = list(output.shape)
        section["weights"] = numbers(output.shape, seed + 17)
        (output * tensor(section["weights"], output.shape, dtype)).sum().backward()
        section[type_name] = {
            "output": plain(output),
            "gradients": [plain(t.grad) for t in given],
        }
    return section


def compute():
    cases = {name: case(name, 100 * i + 1) for i, name in enumerate(CASES)}
    return {"torch_version": torch.__version__, "indices": INDICES, "cases": cases}


def to_json(value, indent=""):
    """JSON with one line for each list."""
    if not isinstance(value, dict):
        return json.dumps(value, allow_nan=False)
    inner = indent + " "
    lines = [f"{inner}{json.dumps(key)}: {to_json(item, inner)}" for key, item in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + indent + "}"


def differences(committed, computed, path="", tolerance=0.0):
    if isinstance(committed, dict) and isinstance(computed, dict):
        for key in sorted(committed.keys() | computed.keys()):
            if key not in committed or key not in computed:
                yield f"{path}/{key}: only on one side"
            else:
                below = CHECK_TOLERANCE.get(key, tolerance)
                yield from differences(committed[key], computed[key], f"{path}/{key}", below)
    elif isinstance(committed, list) and isinstance(computed, list):
        if len(committed) != len(computed):
            yield f"{path}: {len(committed)} values committed, {len(computed)} computed"
        for i, (left, right) in enumerate(zip(committed, computed)):
            yield from differences(left, right, f"{path}[{i}]", tolerance)
    # Written so that a NaN counts as a difference.
    elif not abs(committed - computed) <= tolerance * max(1.0, abs(committed)):
        yield f"{path}: {committed!r} committed, {computed!r} computed"


def check(computed):
    try:
        committed = json.loads(OUTPUT.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"cannot read {OUTPUT}: {error}; run without --check", file=sys.stderr)
        return 1
    # Another PyTorch is welcome to agree.
    committed.pop("torch_version", None)
    computed.pop("torch_version")
    found = list(differences(committed, computed))
    for line in found[:20]:
        print(line, file=sys.stderr)
    print(f"{len(found)} differences from {OUTPUT.name}, PyTorch {torch.__version__}")
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description="Reference numbers from PyTorch for Tarn's tests.")
    parser.add_argument("--check", action="store_true", help="compare with the committed file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    computed = compute()
    if arguments.check:
        return check(computed)
    OUTPUT.write_text(to_json(computed) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
