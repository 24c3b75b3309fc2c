"""The models: which there are, how they get onto this machine, and where they are."""

from rag.models.catalogue import CATALOGUE, DEFAULT_MODELS, Model, get
from rag.models.fetching import fetch
from rag.models.installed import identity, is_present, path_of, table_rows, verify

__all__ = [
    "CATALOGUE",
    "DEFAULT_MODELS",
    "Model",
    "fetch",
    "get",
    "identity",
    "is_present",
    "path_of",
    "table_rows",
    "verify",
]
