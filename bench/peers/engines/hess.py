"""hessboost: XGBoost's parameter names, pandas categories natively. It bins inside train()."""

from __future__ import annotations

import hessboost
import numpy as np

from peers.engines import xgb
from peers.settings import Settings, Unsupported
from peers.table import Table


def version() -> str:
    return hessboost.__version__


def growth(settings: Settings) -> dict:
    try:
        return xgb.growth(settings)
    except Unsupported:
        return {"grow_policy": "symmetric", "max_depth": settings.depth}


def parameters(settings: Settings, kind: str, classes: int) -> dict:
    chosen = {
        "objective": xgb.OBJECTIVES[kind],
        "tree_method": "hist",
        "eta": settings.eta,
        "max_bin": settings.max_bin,
        "lambda": settings.reg_lambda,
        "min_child_weight": settings.min_child_weight,
        "nthread": settings.threads,
        "seed": settings.seed,
        **growth(settings),
    }
    if kind == "multiclass":
        chosen["num_class"] = classes
    return chosen


def prepare(table: Table, chosen: dict, settings: Settings) -> hessboost.DMatrix:
    return hessboost.DMatrix(table.features, label=table.labels, base_margin=table.margin)


def train(data: hessboost.DMatrix, chosen: dict, settings: Settings) -> hessboost.Booster:
    return hessboost.train(chosen, data, num_boost_round=settings.rounds, verbose_eval=False)


def predict(model: hessboost.Booster, table: Table, kind: str) -> np.ndarray:
    return model.predict(hessboost.DMatrix(table.features, base_margin=table.margin))
