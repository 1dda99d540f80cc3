"""LightGBM with gradients quantised to its default four bins."""

from __future__ import annotations

from peers.engines import lgbm
from peers.engines.lgbm import predict, prepare, train, version
from peers.settings import Settings

__all__ = ["parameters", "predict", "prepare", "train", "version"]


def parameters(settings: Settings, kind: str, classes: int) -> dict:
    return {**lgbm.parameters(settings, kind, classes), "use_quantized_grad": True}
