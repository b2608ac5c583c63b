"""The models: pairs of a generator and a discriminator (or an encoder), one file for each."""

from .build import GANS, IMAGE_MODELS, MODELS, build_networks, default_model, get_model_spec
from .model_spec import AsPublished, ModelSpec, kind_of

__all__ = [
    "GANS",
    "IMAGE_MODELS",
    "MODELS",
    "AsPublished",
    "ModelSpec",
    "build_networks",
    "default_model",
    "get_model_spec",
    "kind_of",
]
