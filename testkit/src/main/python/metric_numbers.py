"""Writes the metrics that Tarn's tests compare against, as scikit-learn 1.2 has them.

    python3 metric_numbers.py            # rewrites the committed JSON file
"""

import json
import pathlib

import numpy as np
from sklearn import metrics as m

OUTPUT = (
    pathlib.Path(__file__).resolve().parents[1]
    / "resources/dev/tarn/testkit/pytorch/metric_numbers.json"
)
rng = np.random.default_rng(5)
n, classes = 57, 4
labels = rng.integers(0, classes, n)
logits = rng.normal(size=(n, classes)) + 1.2 * np.eye(classes)[labels]
scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
guess = scores.argmax(1)
# rounded, so that scores tie
yes = rng.integers(0, 2, n)
probability = np.round(np.clip(0.3 * yes + rng.uniform(size=n) * 0.7, 0, 1), 2)
said = (probability > 0.5).astype(int)
targets = rng.normal(3, 2, (n, 2))
outputs = targets + rng.normal(0, 0.7, (n, 2))


def classified(truth, predicted, average):
    p, r, f, _ = m.precision_recall_fscore_support(
        truth, predicted, average=average, zero_division=0
    )
    return [np.atleast_1d(x).tolist() for x in (p, r, f)]


OUTPUT.write_text(
    json.dumps(
        {
            "labels": labels.tolist(),
            "scores": scores.tolist(),
            "accuracy": m.accuracy_score(labels, guess),
            "top_2": m.top_k_accuracy_score(labels, scores, k=2),
            "macro": classified(labels, guess, "macro"),
            "micro": classified(labels, guess, "micro"),
            "per_class": classified(labels, guess, None),
            "auc": m.roc_auc_score(labels, scores, multi_class="ovr", average="macro"),
            "confusion": m.confusion_matrix(labels, guess).tolist(),
            "yes": yes.tolist(),
            "probability": probability.tolist(),
            "binary_accuracy": m.accuracy_score(yes, said),
            "binary": classified(yes, said, "binary"),
            "binary_auc": m.roc_auc_score(yes, probability),
            "targets": targets.tolist(),
            "outputs": outputs.tolist(),
            "mae": m.mean_absolute_error(targets, outputs),
            "rmse": float(np.sqrt(((targets - outputs) ** 2).mean())),
            "r2": m.r2_score(targets, outputs),
        }
    )
    + "\n"
)
