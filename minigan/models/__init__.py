"""The models: pairs of a generator and a discriminator, one file for each."""

from .build import IMAGE_MODELS, MODELS, build_networks, default_model, get_model_spec
from .model_spec import AsPublished, ModelSpec, kind_of

__all__ = [
    "IMAGE_MODELS",
    "MODELS",
    "AsPublished",
    "ModelSpec",
    "build_networks",
    "default_model",
    "get_model_spec",
    "kind_of",
]
