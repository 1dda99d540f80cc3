"""LightGBM; text columns as pandas categories.

Its softmax hessian is K/(K-1) p (1-p), XGBoost's and Ramet's is 2 p (1-p). With c = K / (2 (K-1)), eta, lambda
and min_child_weight times c give the same leaf values and the same order of gains as theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm
import numpy as np

from peers.settings import Settings, Unsupported
from peers.table import Table

OBJECTIVES = {"binary": "binary", "multiclass": "multiclass", "regression": "regression", "poisson": "poisson"}
BIN_SAMPLE = 262_144  # rows that bin edges are made from: Ramet's default, LightGBM's is 200,000
# LightGBM's defaults, which are Ramet's too; written out so that they stay matched.
CATEGORIES = {
    "max_cat_to_onehot": 4,
    "max_cat_threshold": 32,
    "cat_smooth": 10.0,
    "cat_l2": 10.0,
    "min_data_per_group": 100,
}


@dataclass
class Model:
    booster: lightgbm.Booster


def version() -> str:
    return lightgbm.__version__


def growth(settings: Settings) -> dict:
    """Within a depth limit that leaves do not exhaust first, leaf-wise growth gives the depth-wise tree."""
    if settings.growth == "depthwise":
        return {"num_leaves": 2**settings.depth, "max_depth": settings.depth}
    if settings.growth == "leafwise":
        return {"num_leaves": settings.leaves, "max_depth": -1}
    raise Unsupported("no symmetric growth")


def hessian_ratio(kind: str, classes: int) -> float:
    return classes / (2 * (classes - 1)) if kind == "multiclass" else 1.0


def parameters(settings: Settings, kind: str, classes: int) -> dict:
    ratio = hessian_ratio(kind, classes)
    chosen = {
        "objective": OBJECTIVES[kind],
        "learning_rate": settings.eta * ratio,
        "max_bin": settings.max_bin,
        "lambda_l2": settings.reg_lambda * ratio,
        "min_sum_hessian_in_leaf": settings.min_child_weight * ratio,
        "min_data_in_leaf": 1,
        "min_data_in_bin": 1,
        "bin_construct_sample_cnt": BIN_SAMPLE,
        **CATEGORIES,
        "feature_pre_filter": False,
        "num_threads": settings.threads,
        "seed": settings.seed,
        "verbosity": -1,
        **growth(settings),
    }
    if kind == "multiclass":
        chosen["num_class"] = classes
    return chosen


def prepare(table: Table, chosen: dict, settings: Settings) -> lightgbm.Dataset:
    data = lightgbm.Dataset(table.features, label=table.labels, init_score=table.margin, params=chosen)
    return data.construct()


def train(data: lightgbm.Dataset, chosen: dict, settings: Settings) -> Model:
    return Model(lightgbm.train(chosen, data, num_boost_round=settings.rounds))


def predict(model: Model, table: Table, kind: str) -> np.ndarray:
    if table.margin is None:
        return model.booster.predict(table.features)
    return np.exp(model.booster.predict(table.features, raw_score=True) + table.margin)
