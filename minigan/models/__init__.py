"""The generator/discriminator pairs, one file per model."""

from .build import IMAGE_MODELS, MODELS, build_networks, default_model, get_model_spec
from .model_spec import ModelSpec, kind_of

__all__ = ["IMAGE_MODELS", "MODELS", "ModelSpec", "build_networks", "default_model", "get_model_spec", "kind_of"]
