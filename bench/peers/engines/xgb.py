"""XGBoost, `tree_method=hist`; text columns by `enable_categorical`."""

from __future__ import annotations

import numpy as np
import xgboost

from peers.settings import Settings, Unsupported
from peers.table import Table

OBJECTIVES = {
    "binary": "binary:logistic",
    "multiclass": "multi:softprob",
    "regression": "reg:squarederror",
    "poisson": "count:poisson",
}


def version() -> str:
    return xgboost.__version__


def growth(settings: Settings) -> dict:
    if settings.growth == "depthwise":
        return {"grow_policy": "depthwise", "max_depth": settings.depth, "max_leaves": 0}
    if settings.growth == "leafwise":
        return {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": settings.leaves}
    raise Unsupported("no symmetric growth")


def parameters(settings: Settings, kind: str, classes: int) -> dict:
    chosen = {
        "objective": OBJECTIVES[kind],
        "tree_method": "hist",
        "eta": settings.eta,
        "max_bin": settings.max_bin,
        "lambda": settings.reg_lambda,
        "min_child_weight": settings.min_child_weight,
        "nthread": settings.threads,
        "seed": settings.seed,
        "verbosity": 0,
        **growth(settings),
    }
    if kind == "multiclass":
        chosen["num_class"] = classes
    return chosen


def prepare(table: Table, chosen: dict, settings: Settings) -> xgboost.DMatrix:
    return xgboost.QuantileDMatrix(
        table.features,
        label=table.labels,
        base_margin=table.margin,
        max_bin=settings.max_bin,
        nthread=settings.threads,
        enable_categorical=True,
    )


def train(data: xgboost.DMatrix, chosen: dict, settings: Settings) -> xgboost.Booster:
    return xgboost.train(chosen, data, num_boost_round=settings.rounds)


def predict(model: xgboost.Booster, table: Table, kind: str) -> np.ndarray:
    data = xgboost.DMatrix(table.features, base_margin=table.margin, enable_categorical=True)
    return model.predict(data)
