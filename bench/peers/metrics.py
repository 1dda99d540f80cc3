"""Losses on the test file, computed by the same code from every engine's predictions.

Predictions are probabilities (rows, or rows x classes), means, or expected counts. The first metric of a kind
is the loss that the accuracy table compares.
"""

from __future__ import annotations

import numpy as np

EPSILON = 1e-15


def logloss(labels: np.ndarray, predictions: np.ndarray) -> float:
    p = np.clip(predictions, EPSILON, 1 - EPSILON)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log1p(-p)))


def error(labels: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.mean((predictions > 0.5) != (labels > 0.5)))


def auc(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Probability that a positive row ranks above a negative one, ties counting half (Mann-Whitney)."""
    _, rank, count = np.unique(predictions, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2
    positives = labels > 0.5
    n_positive, n_negative = positives.sum(), (~positives).sum()
    above = mean_rank[rank][positives].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))


def mlogloss(labels: np.ndarray, predictions: np.ndarray) -> float:
    p = predictions[np.arange(len(labels)), labels.astype(np.int64)]
    return float(-np.mean(np.log(np.clip(p, EPSILON, 1))))


def merror(labels: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.mean(predictions.argmax(axis=1) != labels.astype(np.int64)))


def rmse(labels: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.sqrt(np.mean((labels - predictions) ** 2)))


def mae(labels: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.mean(np.abs(labels - predictions)))


def poisson_deviance(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean unit deviance 2 (y log(y / mu) - y + mu), with 0 log 0 = 0."""
    mu = np.maximum(predictions, EPSILON)
    y_log = np.where(labels > 0, labels * np.log(np.maximum(labels, EPSILON) / mu), 0.0)
    return float(2 * np.mean(y_log - labels + mu))


METRICS = {
    "binary": (logloss, error, auc),
    "multiclass": (mlogloss, merror),
    "regression": (rmse, mae),
    "poisson": (poisson_deviance,),
}


def evaluate(kind: str, labels: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """All metrics of the kind, the loss first."""
    if not np.all(np.isfinite(predictions)):
        raise ValueError("predictions hold NaN or infinity")
    if len(predictions) != len(labels):
        raise ValueError(f"{len(predictions)} predictions for {len(labels)} test rows")
    as_double = predictions.astype(np.float64)
    return {metric.__name__: metric(labels, as_double) for metric in METRICS[kind]}


def loss_name(kind: str) -> str:
    return METRICS[kind][0].__name__
