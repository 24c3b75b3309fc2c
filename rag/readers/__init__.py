"""Files to documents, one small module a format; reading happens in a process that can be killed."""

from rag.readers.formats import MAX_BYTES, SUFFIXES
from rag.readers.isolation import read

__all__ = ["MAX_BYTES", "SUFFIXES", "read"]
