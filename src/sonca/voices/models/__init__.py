"""Models that voices need: which can be fetched, which are there, and fetching them."""

from sonca.voices.models.download import DownloadError, pull
from sonca.voices.models.model_catalogue import Model, ModelFile, UnknownModel, catalogue, find
from sonca.voices.models.model_store import Installed, ModelStore

__all__ = [
    "DownloadError",
    "Installed",
    "Model",
    "ModelFile",
    "ModelStore",
    "UnknownModel",
    "catalogue",
    "find",
    "pull",
]
