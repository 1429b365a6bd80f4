#!/usr/bin/env python3
"""Times training steps of the workloads of `tarn bench` in PyTorch: eagerly, and captured in a CUDA graph.

The models, batches and optimizers are those of benchmarks/workloads; a batch lies on the device, unless --upload says
that each step copies it there, and the loss is never read. Each measurement is a median over pieces of about 20 ms with a wait for the device at the end of each.

    torch_step.py                              all workloads on the GPU in fp32
    torch_step.py lenet-256 vgg-64 --precision bf16 --channels-last
    torch_step.py mlp-64 --cpu --json
"""
import argparse
import contextlib
import json
import sys
import time

import torch
from torch import nn

CLASSES = 10
WORKLOADS = {  # net, batch, whether Adam
    "mlp-64": ("mlp", 64, False),
    "mlp-64-adam": ("mlp", 64, True),
    "mlp-512": ("mlp", 512, False),
    "mlp-512-adam": ("mlp", 512, True),
    "lenet-64": ("lenet", 64, True),
    "lenet-256": ("lenet", 256, True),
    "vgg-64": ("vgg", 64, False),
    "resnet20-128": ("resnet20", 128, False),
}
SHAPES = {"mlp": (784,), "lenet": (1, 28, 28), "vgg": (3, 32, 32), "resnet20": (3, 32, 32)}
PARAMETERS = {"mlp": 535_818, "lenet": 1_663_370, "vgg": 1_187_274, "resnet20": 272_474}
PIECE_SECONDS = 0.02


def conv(inputs, outputs, kernel=3, stride=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)


class Residual(nn.Module):
    """relu(f(x) + x), or with a projection where the shape changes (He et al. 2016)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.branch = nn.Sequential(
            conv(inputs, outputs, stride=stride), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            conv(outputs, outputs), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity() if inputs == outputs else nn.Sequential(
            conv(inputs, outputs, kernel=1, stride=2), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return torch.relu_(self.branch(x) + self.shortcut(x))


def net(name):
    if name == "mlp":
        return nn.Sequential(nn.Linear(784, 512), nn.ReLU(inplace=True), nn.Linear(512, 256), nn.ReLU(inplace=True),
                             nn.Linear(256, CLASSES))
    if name == "lenet":
        return nn.Sequential(
            conv(1, 32, 5, bias=True), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            conv(32, 64, 5, bias=True), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(inplace=True), nn.Linear(512, CLASSES))
    if name == "vgg":
        layers, inputs = [], 3
        for filters in (64, 128, 256):
            for _ in range(2):
                layers += [conv(inputs, filters), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
                inputs = filters
            layers.append(nn.MaxPool2d(2))
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4096, CLASSES))
    blocks, inputs = [], 16
    for filters in (16, 32, 64):
        for _ in range(3):
            blocks.append(Residual(inputs, filters))
            inputs = filters
    return nn.Sequential(conv(3, 16), nn.BatchNorm2d(16), nn.ReLU(inplace=True), *blocks, nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(64, CLASSES))


class Training:
    """A model with its batch and optimizer; `step` is one step."""

    def __init__(self, workload, args, capturable):
        torch.manual_seed(1)
        name, self.batch, adam = WORKLOADS[workload]
        self.device = "cpu" if args.cpu else "cuda"
        self.autocast = args.precision == "bf16"
        model = net(name)
        layout = torch.channels_last if args.channels_last and len(SHAPES[name]) == 3 else torch.contiguous_format
        self.model = model.to(self.device, memory_format=layout)
        self.parameters = sum(p.numel() for p in model.parameters())
        assert self.parameters == PARAMETERS[name], f"{workload}: {self.parameters} parameters"
        host = [torch.randn(self.batch, *SHAPES[name]).to(memory_format=layout),
                torch.randint(CLASSES, (self.batch,))]
        self.x, self.y = (tensor.to(self.device) for tensor in host)
        self.host = [tensor if args.cpu else tensor.pin_memory() for tensor in host] if args.upload else None
        self.optimizer = optimizer(self.model, adam, capturable, self.device)

    def upload(self):
        if self.host:
            self.x.copy_(self.host[0], non_blocking=True)
            self.y.copy_(self.host[1], non_blocking=True)

    def step(self):
        self.upload()
        self.work()

    def work(self):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device, torch.bfloat16, cache_enabled=False) if self.autocast else contextlib.nullcontext():
            loss = nn.functional.cross_entropy(self.model(self.x), self.y)
        loss.backward()
        self.optimizer.step()
        self.loss = loss

    def captured(self):
        """The step as a replay of a CUDA graph, after steps to warm up on a stream of their own."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(5):
                self.work()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.work()

        def step():
            self.upload()
            graph.replay()

        return step


def optimizer(model, adam, capturable, device):
    """The fastest form that this PyTorch has: fused, else over all tensors at once."""
    settings = {"lr": 1e-7} if adam else {"lr": 1e-6, "momentum": 0.9}
    kind = torch.optim.Adam if adam else torch.optim.SGD
    if adam and capturable:
        settings["capturable"] = True
    for extra in ({"fused": True}, {"foreach": True}, {}):
        if "fused" in extra and device == "cpu" and torch.__version__ < "2.4":
            continue
        try:
            return kind(model.parameters(), **settings, **extra)
        except (TypeError, RuntimeError):
            pass
    raise RuntimeError("no optimizer")


def measure(step, wait, seconds):
    """Median, 10th and 90th percentile of a step's seconds; half the time before is to warm up."""
    pieces, length, warm, begin, count = [], 1, False, time.perf_counter(), 0
    while True:
        start = time.perf_counter()
        for _ in range(length):
            step()
        wait()
        now = time.perf_counter()
        count += length
        if warm:
            pieces.append((now - start) / length)
            if now - begin >= seconds and len(pieces) >= 5:
                break
        else:
            length = max(1, round(PIECE_SECONDS * length / (now - start)))
            if now - begin >= seconds / 2 and count >= 3:
                warm, begin = True, now
    pieces.sort()
    return [pieces[round(q * (len(pieces) - 1))] for q in (0.5, 0.1, 0.9)]


def ceiling(args):
    """GFLOP/s of the best square matmul, as `tarn bench` measures it: four products one after another."""
    device = "cpu" if args.cpu else "cuda"
    dtype = torch.bfloat16 if args.precision == "bf16" else torch.float32
    best, n, took = 0, 128, 0
    while n <= 8192 and took < 0.02:
        a, b = (torch.randn(n, n, device=device).mul_(n**-0.5).to(dtype) for _ in range(2))
        out = [torch.empty_like(a) for _ in range(2)]

        def products():
            c = a
            for i in range(4):
                c = torch.matmul(c, b, out=out[i % 2])

        took = min(timed(products, args) for _ in range(10))
        best = max(best, 8 * n**3 / took / 1e9)
        n *= 2
    return best


def timed(run, args):
    start = time.perf_counter()
    run()
    waiter(args)()
    return time.perf_counter() - start


def waiter(args):
    return (lambda: None) if args.cpu else torch.cuda.synchronize


def set_precision(args):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = args.precision == "tf32"
    torch.backends.cudnn.benchmark = True


def modes(workload, args):
    """Name and step of each way to run a workload."""
    training = Training(workload, args, capturable=False)
    yield "eager", training, training.step
    if args.compile:
        training = Training(workload, args, capturable=False)
        yield "compiled", training, torch.compile(training.step, mode="max-autotune-no-cudagraphs")
    if not args.cpu:
        training = Training(workload, args, capturable=True)
        yield "graph", training, training.captured()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"default: all of {', '.join(WORKLOADS)}")
    parser.add_argument("--cpu", action="store_true", help="run on the CPU")
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16"], default="fp32")
    parser.add_argument("--channels-last", action="store_true", help="images and kernels in NHWC")
    parser.add_argument("--compile", action="store_true", help="also with torch.compile")
    parser.add_argument("--upload", action="store_true", help="copy the batch from pinned memory in each step")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--threads", type=int, help="of the CPU; default: PyTorch's choice")
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    args = parser.parse_args()
    unknown = [name for name in args.workloads if name not in WORKLOADS]
    if unknown:
        parser.error(f"no workload '{unknown[0]}'; there are {', '.join(WORKLOADS)}")
    if not args.cpu and not torch.cuda.is_available():
        parser.error("this PyTorch sees no GPU; --cpu measures the CPU")
    if args.threads:
        torch.set_num_threads(args.threads)
    set_precision(args)
    people = sys.stderr if args.json else sys.stdout
    device = f"cpu, {torch.get_num_threads()} threads" if args.cpu else torch.cuda.get_device_name()
    best = ceiling(args)
    layout = "channels last" if args.channels_last else "channels first"
    print(f"PyTorch {torch.__version__}, {device}, {args.precision}, {layout}, matmul {best:,.1f} GFLOP/s", file=people)
    results = []
    for workload in args.workloads or WORKLOADS:
        for mode, training, step in modes(workload, args):
            median, low, high = measure(step, waiter(args), args.seconds)
            loss = training.loss.item()
            assert 1 < loss < 10, f"{workload} {mode}: a loss of {loss}"
            print(f"{workload:13} {mode:9} {median * 1e6:12,.1f} us ({low * 1e6:,.1f} to {high * 1e6:,.1f}),"
                  f" {training.batch / median:,.0f} samples/s", file=people, flush=True)
            results.append({"workload": workload, "mode": mode, "batch": training.batch,
                            "parameters": training.parameters, "median_us": median * 1e6, "p10_us": low * 1e6,
                            "p90_us": high * 1e6, "samples_per_second": training.batch / median})
    if args.json:
        print(json.dumps({"torch": torch.__version__, "device": device, "precision": args.precision,
                          "channels_last": args.channels_last, "matmul_gflops": best, "workloads": results}))


if __name__ == "__main__":
    main()
