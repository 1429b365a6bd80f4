"""Measures steps of training in PyTorch: the workloads of the steps part of check.sh, in the same precisions.

    torch_steps.py RESULT.json [--tiny]

Two ways for each: eager, as most people write it, and a CUDA graph of the whole step, the fastest that PyTorch has
without leaving its own kernels. A batch is copied from pinned memory in each step, as Tarn does. --tiny runs on the CPU.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn

TINY = "--tiny" in sys.argv
DEVICE = "cpu" if TINY else "cuda"
DIVISOR = 8 if TINY else 1


def mlp():
    return nn.Sequential(
        nn.Linear(784, 512 // DIVISOR), nn.ReLU(), nn.Linear(512 // DIVISOR, 256 // DIVISOR), nn.ReLU(),
        nn.Linear(256 // DIVISOR, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 32 // DIVISOR, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32 // DIVISOR, 64 // DIVISOR, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64 // DIVISOR * 49, 512 // DIVISOR), nn.ReLU(), nn.Linear(512 // DIVISOR, 10))


def vgg():
    layers, channels = [], 3
    for filters in (64, 128, 256):
        for _ in range(2):
            layers += [nn.Conv2d(channels, filters // DIVISOR, 3, padding=1, bias=False),
                       nn.BatchNorm2d(filters // DIVISOR), nn.ReLU()]
            channels = filters // DIVISOR
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 16, 10))


class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(),
            nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters))
        self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(
            nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet():
    width = 16 // DIVISOR
    layers = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    channels = width
    for block in range(9):
        filters = (16 << block // 3) // DIVISOR
        layers.append(Block(channels, filters, 2 if block in (3, 6) else 1))
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


WORKLOADS = {
    "mlp-64": (mlp, (784,), 64, "sgd"),
    "mlp-512": (mlp, (784,), 512, "sgd"),
    "lenet-64": (lenet, (1, 28, 28), 64, "adam"),
    "lenet-256": (lenet, (1, 28, 28), 256, "adam"),
    "vgg-64": (vgg, (3, 32, 32), 64, "sgd"),
    "resnet20-128": (resnet, (3, 32, 32), 128, "sgd"),
}


def wait():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def measure(step):
    """Seconds of a step: the median of nine runs of about 0.15 s."""
    for _ in range(2 if TINY else 20):
        step()
    wait()
    times, count = [], 1 if TINY else 20
    for _ in range(1 if TINY else 9):
        start = time.perf_counter()
        for _ in range(count):
            step()
        wait()
        times.append((time.perf_counter() - start) / count)
        count = 1 if TINY else max(5, int(0.15 / times[-1]))
    return statistics.median(times)


def make_optimizer(name, parameters):
    """The fastest form that this PyTorch has: one kernel for the update."""
    parameters = list(parameters)
    if name == "adam":
        return torch.optim.Adam(parameters, lr=1e-7, **({} if TINY else {"capturable": True, "fused": True}))
    try:
        return torch.optim.SGD(parameters, lr=1e-6, momentum=0.9, **({} if TINY else {"fused": True}))
    except TypeError:  # before PyTorch 2.3
        return torch.optim.SGD(parameters, lr=1e-6, momentum=0.9)


def steps(name, precision):
    """The ways to run a step, by name."""
    make, shape, batch, optimizer = WORKLOADS[name]
    batch = 2 if TINY else batch
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True
    images = len(shape) == 3
    model = make().to(DEVICE)
    if images:
        model = model.to(memory_format=torch.channels_last)
    update = make_optimizer(optimizer, model.parameters())
    loss_of = nn.CrossEntropyLoss()
    host_x, host_y = torch.randn(batch, *shape), torch.randint(0, 10, (batch,))
    x, y = host_x.to(DEVICE), host_y.to(DEVICE)
    if images:
        host_x = host_x.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    if DEVICE == "cuda":
        host_x, host_y = host_x.pin_memory(), host_y.pin_memory()

    def forward():
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=precision == "bf16", cache_enabled=False):
            return loss_of(model(x), y)

    def work():
        update.zero_grad(set_to_none=True)
        forward().backward()
        update.step()

    def copy():
        x.copy_(host_x, non_blocking=True)
        y.copy_(host_y, non_blocking=True)

    def eager():
        copy()
        work()

    yield "eager", eager
    if DEVICE != "cuda":
        return
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    update.zero_grad(set_to_none=True)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        forward().backward()
        update.step()

    def replay():
        copy()
        graph.replay()

    yield "CUDA graph", replay


def main():
    rows, notes, passed = [], ["PyTorch " + torch.__version__], True
    for name in WORKLOADS:
        for precision in ("fp32", "tf32", "bf16"):
            try:
                for mode, step in steps(name, precision):
                    seconds = measure(step)
                    batch = 2 if TINY else WORKLOADS[name][2]
                    rows.append({"workload": name, "precision": precision, "mode": mode, "us a step": 1e6 * seconds,
                                 "examples/s": batch / seconds})
            except RuntimeError as error:
                passed = False
                notes.append(f"FAILED: {name} in {precision}: {str(error).splitlines()[0]}")
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"title": "Steps of PyTorch", "passed": passed, "rows": rows, "notes": notes}, file, indent=2)


main()
