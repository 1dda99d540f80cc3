"""CatBoost with what differs by design turned off: bootstrap, score noise, ordered boosting, extra leaf steps.

It has no counterpart of min_child_weight. Text columns go through its own target statistics.
"""

from __future__ import annotations

import catboost
import numpy as np
import pandas as pd

from peers.settings import Settings
from peers.table import Table

LOSSES = {"binary": "Logloss", "multiclass": "MultiClass", "regression": "RMSE", "poisson": "Poisson"}
MISSING_CATEGORY = "(missing)"
MAX_BORDERS = 254  # bins are one more; 255 of them fit a byte
LOSSGUIDE_DEPTH = 16  # the highest that CatBoost takes on the CPU; the leaves run out first on most data


def version() -> str:
    return catboost.__version__


def growth(settings: Settings) -> dict:
    if settings.growth == "leafwise":
        return {"grow_policy": "Lossguide", "max_leaves": settings.leaves, "depth": LOSSGUIDE_DEPTH}
    policy = "SymmetricTree" if settings.growth == "symmetric" else "Depthwise"
    return {"grow_policy": policy, "depth": settings.depth}


def parameters(settings: Settings, kind: str, classes: int) -> dict:
    chosen = {
        "loss_function": LOSSES[kind],
        "iterations": settings.rounds,
        "learning_rate": settings.eta,
        "l2_leaf_reg": settings.reg_lambda,
        "border_count": min(settings.max_bin - 1, MAX_BORDERS),
        "thread_count": settings.threads,
        "random_seed": settings.seed,
        "boosting_type": "Plain",
        "bootstrap_type": "No",
        "random_strength": 0,
        "leaf_estimation_method": "Newton",
        "leaf_estimation_iterations": 1,
        "leaf_estimation_backtracking": "No",
        "score_function": "L2",
        "allow_writing_files": False,
        "logging_level": "Silent",
        **growth(settings),
    }
    if kind == "binary":
        chosen["boost_from_average"] = True  # the default for RMSE; there is none for MultiClass
    if settings.growth != "symmetric":
        chosen["min_data_in_leaf"] = 1
    return chosen


def pool(table: Table, with_labels: bool) -> catboost.Pool:
    features = table.features
    columns: list[str] = []
    if isinstance(features, pd.DataFrame):
        columns = [c for c in features.columns if isinstance(features[c].dtype, pd.CategoricalDtype)]
        features = features.copy()
        for name in columns:
            features[name] = (
                features[name].astype(object).where(features[name].notna(), MISSING_CATEGORY).astype(str)
            )
    return catboost.Pool(
        features,
        label=table.labels if with_labels else None,
        cat_features=columns or None,
        baseline=table.margin,
    )


def prepare(table: Table, chosen: dict, settings: Settings) -> catboost.Pool:
    data = pool(table, with_labels=True)
    data.quantize(border_count=chosen["border_count"], task_type="CPU")
    return data


def train(data: catboost.Pool, chosen: dict, settings: Settings) -> catboost.CatBoost:
    return catboost.CatBoost(chosen).fit(data)


def predict(model: catboost.CatBoost, table: Table, kind: str) -> np.ndarray:
    data = pool(table, with_labels=False)
    if kind == "binary":
        return model.predict(data, prediction_type="Probability", thread_count=1)[:, 1]
    if kind == "multiclass":
        return model.predict(data, prediction_type="Probability", thread_count=1)
    if kind == "poisson":
        return np.exp(model.predict(data, prediction_type="RawFormulaVal", thread_count=1))
    return model.predict(data, thread_count=1)
