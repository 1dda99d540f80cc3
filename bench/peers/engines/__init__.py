"""One module an engine. A peer is a module with these functions, called in this order in a fresh process:

    version() -> str
    parameters(settings, kind, classes) -> dict       raises Unsupported
    prepare(table, parameters, settings) -> data      the engine's own training structure, binned if it can be
    train(data, parameters, settings) -> model
    predict(model, table, kind) -> array              probabilities (rows, or rows x classes), means, or counts

Ramet is not among them: it is driven through its command (`ramet.py`).
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

# Name on the command line -> module. `lightgbm-quantized` is LightGBM with use_quantized_grad.
MODULES = {
    "xgboost": "xgb",
    "lightgbm": "lgbm",
    "lightgbm-quantized": "lgbm_quantized",
    "catboost": "cat",
    "hessboost": "hess",
}
RAMET = "ramet"
NAMES = (RAMET, *MODULES)


def peer(name: str) -> ModuleType:
    if name not in MODULES:
        raise ValueError(f"engine = {name}: must be one of {', '.join(NAMES)}")
    return import_module(f"peers.engines.{MODULES[name]}")
