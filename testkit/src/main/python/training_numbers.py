"""Writes the numbers of losses, optimizers and schedules that Tarn's tests compare against.

    python3 training_numbers.py            # rewrites the committed JSON file
    python3 training_numbers.py --check    # recomputes and compares; exit code 1 where they differ

The conventions are those of numbers_file.py, which this needs beside it. The model of the trajectories is
fc1, tanh, out, because near a kink rounding would decide a gradient.
"""

import math

import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler

import numbers_file
from numbers_file import DTYPES, Numbers, plain

STEPS = 10
WEIGHTS = [0.5, 2.0, 1.0, 0.25]
IGNORED = -7


# ---- Losses ----------------------------------------------------------------------------------


def loss_cases():
    numbers = Numbers(17)
    logits = [4 * v for v in numbers.take(24)]
    raw = [abs(v) + 1 / 1024 for v in numbers.take(24)]
    shares = []
    for row in range(6):
        total = sum(raw[4 * row : 4 * row + 4])
        # Multiples of 1/1024 that add up to 1.
        part = [math.floor(1024 * v / total) / 1024 for v in raw[4 * row : 4 * row + 4]]
        part[0] += 1 - sum(part)
        shares += part
    shares[4:8] = [0.0, 1.0, 0.0, 0.0]
    labels = [0, 3, 2, 1, 1, 0]
    partly = [0, IGNORED, 2, 1, IGNORED, 0]
    numbers_wanted = numbers.take(24)
    signs = [1.0 if v > 0 else -1.0 for v in numbers.take(24)]
    probabilities = [abs(v) for v in numbers.take(24)]
    zero_one = [1.0 if v > 0 else 0.0 for v in numbers.take(24)]
    probabilities[0], zero_one[0] = 0.0, 1.0
    probabilities[1], zero_one[1] = 1.0, 0.0
    extreme = list(logits)
    extreme[:6] = [0.0, 0.0, 100.0, -100.0, 100.0, -100.0]
    soft = list(zero_one)
    soft[:8] = [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.25, 0.5]

    def ce(**settings):
        def loss(x, t):
            weight = settings.get("weight")
            changed = dict(settings)
            if weight is not None:
                changed["weight"] = torch.tensor(weight, dtype=x.dtype)
            return F.cross_entropy(x, t, **changed)

        return loss

    return {
        "cross_entropy_smoothing": (logits, labels, ce(label_smoothing=0.125)),
        "cross_entropy_weights": (logits, labels, ce(weight=WEIGHTS)),
        "cross_entropy_ignore": (logits, partly, ce(ignore_index=IGNORED)),
        "cross_entropy_ignore_class": (logits, labels, ce(ignore_index=1)),
        "cross_entropy_all": (
            logits,
            partly,
            ce(weight=WEIGHTS, ignore_index=IGNORED, label_smoothing=0.125),
        ),
        "cross_entropy_probabilities": (logits, shares, ce()),
        "cross_entropy_probabilities_all": (
            logits,
            shares,
            ce(weight=WEIGHTS, label_smoothing=0.125),
        ),
        "mse": (logits, numbers_wanted, F.mse_loss),
        "half_squared_error": (
            logits,
            numbers_wanted,
            lambda x, t: F.mse_loss(x, t, reduction="sum") / 2 / x.shape[0],
        ),
        "l1": (logits, numbers_wanted, F.l1_loss),
        "huber": (logits, numbers_wanted, lambda x, t: F.huber_loss(x, t, delta=1.5)),
        "binary_cross_entropy": (probabilities, zero_one, F.binary_cross_entropy),
        "binary_cross_entropy_with_logits": (
            extreme,
            soft,
            F.binary_cross_entropy_with_logits,
        ),
        "hinge": (logits, signs, lambda x, t: torch.clamp(1 - t * x, min=0).mean()),
        "perceptron": (logits, signs, lambda x, t: torch.clamp(-t * x, min=0).mean()),
        "kl_divergence": (
            logits,
            shares,
            lambda x, t: F.kl_div(F.log_softmax(x, dim=1), t, reduction="batchmean"),
        ),
    }


def losses_section():
    section = {}
    for name, (outputs, targets, loss) in loss_cases().items():
        labels = isinstance(targets[0], int)
        section[name] = {"output": outputs, "target": targets, "labels": labels}
        for dtype_name, dtype in DTYPES.items():
            x = torch.tensor(outputs, dtype=dtype).reshape(6, 4).requires_grad_()
            t = torch.tensor(targets) if labels else torch.tensor(targets, dtype=dtype)
            value = loss(x, t if labels else t.reshape(6, 4))
            value.backward()
            section[name][dtype_name] = {"loss": value.item(), "gradient": plain(x.grad)}
    return section


# ---- Trajectories ----------------------------------------------------------------------------


class Classical(torch.optim.Optimizer):
    """v = mu v + lr g; p = p - v, or with Nesterov p = p - (lr g + mu v)."""

    def __init__(self, params, lr, momentum, nesterov=False):
        super().__init__(params, {"lr": lr, "momentum": momentum, "nesterov": nesterov})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, mu = group["lr"], group["momentum"]
            for p in group["params"]:
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.mul_(mu).add_(p.grad, alpha=lr)
                p.sub_(p.grad * lr + v * mu if group["nesterov"] else v)


MODEL = {"fc1.weight": [6, 5], "fc1.bias": [6], "out.weight": [4, 6], "out.bias": [4]}
LABELS = [0, 3, 1, 2, 2, 0, 3, 1]


def model_inputs():
    numbers = Numbers(5)
    x = numbers.take(8 * 5)
    return x, {name: numbers.take(math.prod(shape)) for name, shape in MODEL.items()}


class Model:
    def __init__(self, dtype):
        x, parameters = model_inputs()
        self.x = torch.tensor(x, dtype=dtype).reshape(8, 5)
        self.labels = torch.tensor(LABELS)
        self.p = {
            name: torch.tensor(values, dtype=dtype).reshape(MODEL[name]).requires_grad_()
            for name, values in parameters.items()
        }

    def loss(self, rows=None, **settings):
        rows = slice(None) if rows is None else rows
        h = torch.tanh(F.linear(self.x[rows], self.p["fc1.weight"], self.p["fc1.bias"]))
        logits = F.linear(h, self.p["out.weight"], self.p["out.bias"])
        return F.cross_entropy(logits, self.labels[rows], **settings)

    def weights(self):
        return [p for name, p in self.p.items() if name.endswith("weight")]

    def decayed(self, decay):
        biases = [p for name, p in self.p.items() if name.endswith("bias")]
        return [
            {"params": self.weights(), "weight_decay": decay},
            {"params": biases, "weight_decay": 0.0},
        ]


def run(dtype, make, schedule=None, before=None, penalty=None):
    model = Model(dtype)
    optimizer = make(model)
    scheduler = schedule(optimizer) if schedule else None
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model.loss()
        (loss + penalty(model) if penalty else loss).backward()
        losses.append(loss.item())
        if before:
            before(model)
        optimizer.step()
        if scheduler:
            scheduler.step()
    return {"losses": losses, "parameters": {name: plain(p) for name, p in model.p.items()}}


def grouped(model):
    """fc1.bias stays, out.* has a rate and a decay of its own."""
    model.p["fc1.bias"].requires_grad_(False)
    return torch.optim.SGD(
        [
            {"params": [model.p["fc1.weight"]]},
            {"params": [model.p["out.weight"]], "lr": 0.1, "weight_decay": 0.5},
            {"params": [model.p["out.bias"]], "lr": 0.1},
        ],
        lr=0.5,
        momentum=0.9,
    )


def accumulated(dtype, **settings):
    """Ten epochs of batches of 3, 3 and 2 examples; two batches, then the one left, an update."""
    model = Model(dtype)
    optimizer = torch.optim.Adam(model.p.values(), lr=0.05)
    if "weight" in settings:
        settings["weight"] = torch.tensor(settings["weight"], dtype=dtype)
    for _ in range(STEPS):
        for rows in (slice(0, 6), slice(6, 8)):
            optimizer.zero_grad()
            model.loss(rows, **settings).backward()
            optimizer.step()
    return {"losses": [], "parameters": {name: plain(p) for name, p in model.p.items()}}


def trajectories(dtype):
    optim = torch.optim

    def values(model):
        return list(model.p.values())

    def clip_both(model):
        torch.nn.utils.clip_grad_value_(values(model), 0.0625)
        torch.nn.utils.clip_grad_norm_(values(model), 0.125)

    return {
        "sgd_classical_step": run(
            dtype,
            lambda m: Classical(values(m), lr=0.5, momentum=0.9),
            schedule=lambda o: lr_scheduler.StepLR(o, 3, 0.5),
        ),
        "sgd_classical_nesterov": run(
            dtype,
            lambda m: Classical(values(m), lr=0.5, momentum=0.9, nesterov=True),
            schedule=lambda o: lr_scheduler.StepLR(o, 3, 0.5),
        ),
        "sgd_l1": run(
            dtype,
            lambda m: optim.SGD(values(m), lr=0.5),
            penalty=lambda m: 0.0625 * sum(w.abs().sum() for w in m.weights()),
        ),
        "sgd_clip_norm": run(
            dtype,
            lambda m: optim.SGD(values(m), lr=1.0, momentum=0.5),
            before=lambda m: torch.nn.utils.clip_grad_norm_(values(m), 0.25),
        ),
        "sgd_clip_value": run(
            dtype,
            lambda m: optim.SGD(values(m), lr=1.0),
            before=lambda m: torch.nn.utils.clip_grad_value_(values(m), 0.03125),
        ),
        "sgd_clip_both_weight_decay": run(
            dtype, lambda m: optim.SGD(m.decayed(0.25), lr=1.0), before=clip_both
        ),
        "sgd_groups": run(dtype, grouped),
        "adam_amsgrad": run(dtype, lambda m: optim.Adam(values(m), lr=0.1, amsgrad=True)),
        "adamw_amsgrad_cosine": run(
            dtype,
            lambda m: optim.AdamW(m.decayed(0.25), lr=0.1, amsgrad=True),
            schedule=lambda o: lr_scheduler.CosineAnnealingLR(o, 10),
        ),
        "adagrad": run(dtype, lambda m: optim.Adagrad(values(m), lr=0.1)),
        "adagrad_weight_decay": run(dtype, lambda m: optim.Adagrad(m.decayed(0.25), lr=0.1)),
        "adadelta": run(dtype, lambda m: optim.Adadelta(values(m), lr=1.0)),
        "adadelta_weight_decay": run(dtype, lambda m: optim.Adadelta(m.decayed(0.25), lr=2.0)),
        "rmsprop": run(dtype, lambda m: optim.RMSprop(values(m), lr=0.01)),
        "rmsprop_momentum_weight_decay": run(
            dtype, lambda m: optim.RMSprop(m.decayed(0.25), lr=0.01, momentum=0.9)
        ),
        "rmsprop_centered": run(
            dtype, lambda m: optim.RMSprop(values(m), lr=0.01, momentum=0.5, centered=True)
        ),
        "accumulate": accumulated(dtype),
        "accumulate_weighted": accumulated(dtype, weight=WEIGHTS, ignore_index=3),
    }


# ---- Schedules -------------------------------------------------------------------------------


def rates(make, steps=40):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    scheduler = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


def plateau(losses, **settings):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **settings)
    values = []
    for loss in losses:
        scheduler.step(loss)
        values.append(optimizer.param_groups[0]["lr"])
    return values


PLATEAU_LOSSES = [4, 3, 3, 3, 3, 2.5, 2.6, 2.6, 2.6, 2.6, 2.6, 2.6, 2.49999, 2.6, 2.6, 1, 1, 1, 1, 1]
PLATEAU_LOSSES += [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]


def warmed(optimizer):
    return lr_scheduler.SequentialLR(
        optimizer,
        [
            lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=5),
            lr_scheduler.ExponentialLR(optimizer, 0.75),
        ],
        milestones=[5],
    )


def schedules_section():
    s = lr_scheduler
    return {
        "step": rates(lambda o: s.StepLR(o, 7, 0.5)),
        "multi_step": rates(lambda o: s.MultiStepLR(o, [3, 4, 20], 0.25)),
        "exponential": rates(lambda o: s.ExponentialLR(o, 0.75)),
        "polynomial": rates(lambda o: s.PolynomialLR(o, 25, 2.0)),
        "cosine": rates(lambda o: s.CosineAnnealingLR(o, 40, 0.01)),
        "warm_restarts": rates(lambda o: s.CosineAnnealingWarmRestarts(o, 5, 2, 0.01)),
        "warm_restarts_alike": rates(lambda o: s.CosineAnnealingWarmRestarts(o, 7, 1)),
        "one_cycle": rates(
            lambda o: s.OneCycleLR(o, 0.5, total_steps=41, pct_start=0.3, cycle_momentum=False)
        ),
        "warm_up": rates(warmed),
        "plateau_losses": [float(v) for v in PLATEAU_LOSSES],
        "plateau": plateau(PLATEAU_LOSSES, factor=0.5, patience=2),
        "plateau_cooldown": plateau(
            PLATEAU_LOSSES, factor=0.5, patience=1, cooldown=2, threshold=0.1, min_lr=0.125
        ),
    }


def compute():
    x, parameters = model_inputs()
    return {
        "torch_version": torch.__version__,
        "losses": losses_section(),
        "model": {"x": x, "labels": LABELS, "parameters": parameters},
        **{name: trajectories(dtype) for name, dtype in DTYPES.items()},
        "schedules": schedules_section(),
    }


if __name__ == "__main__":
    numbers_file.main("training_numbers", compute, tolerance=1e-6)
