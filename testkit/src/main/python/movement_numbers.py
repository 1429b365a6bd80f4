"""Writes the numbers of PyTorch for softmax, embeddings, batched products, running sums and moved data.

    python3 movement_numbers.py            # rewrites the committed JSON file
    python3 movement_numbers.py --check    # recomputes and compares; exit code 1 where they differ

Needs PyTorch 1.13 or newer and nothing else. Everything is computed in float64 and in float32 from
inputs that are multiples of 1/64, which both types hold exactly. Arrays are flat, in row-major order.
Each case has the gradients of sum(output * weights) by its inputs, with weights like the inputs.
"""

import torch
import torch.nn.functional as F

import numbers_file
from numbers_file import DTYPES

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


if __name__ == "__main__":
    numbers_file.main("movement_numbers", compute)
