"""Measures steps of training in PyTorch: the workloads of the steps part of check.sh, in the same precisions.

    torch_steps.py RESULT.json [--tiny]

Runs torch_step.py, which the bundle has beside it, for each: eager, as most people write it, and as a CUDA graph of the
whole step, the fastest that PyTorch has without leaving its own kernels. A batch is copied from pinned memory in each
step, as Tarn does. --tiny runs batches of two on the CPU.
"""

import argparse
import json
import sys

import torch
import torch_step

WORKLOADS = ["mlp-64", "mlp-512", "lenet-64", "lenet-256", "vgg-64", "resnet20-128"]


def main():
    tiny = "--tiny" in sys.argv
    args = argparse.Namespace(cpu=tiny, compile=False, channels_last=True, upload=True, seconds=0.01 if tiny else 2)
    if tiny:
        torch_step.WORKLOADS = {name: (net, 2, adam) for name, (net, _, adam) in torch_step.WORKLOADS.items()}
    rows, notes, passed = [], ["PyTorch " + torch.__version__], True
    for workload in WORKLOADS:
        for args.precision in ("fp32", "tf32", "bf16"):
            torch_step.set_precision(args)
            try:
                for mode, training, step in torch_step.modes(workload, args):
                    seconds = torch_step.measure(step, torch_step.waiter(args), args.seconds)[0]
                    rows.append({"workload": workload, "precision": args.precision, "mode": mode,
                                 "us a step": 1e6 * seconds, "examples/s": training.batch / seconds})
            except RuntimeError as error:
                passed = False
                notes.append(f"FAILED: {workload} in {args.precision}: {str(error).splitlines()[0]}")
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"title": "Steps of PyTorch", "passed": passed, "rows": rows, "notes": notes}, file, indent=2)


main()
