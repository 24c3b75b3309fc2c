"""Everything crosscite raises on purpose.

CrossciteError               one clear line: the thing, the reason, the way out
├── SettingsError            a setting has a value that cannot work
├── DocumentError            a file cannot be read as a document
│   ├── UnsupportedFormat    no reader for this kind of file
│   ├── DocumentTooLarge     more than is taken
│   ├── DocumentExists       the same file is there already
│   │   └── NameTaken        another upload has the name
│   └── NameRefused          a name under which no upload can be kept
├── DocumentNotFound         no document with this id in the index
├── DocumentKept             a document that belongs to an indexed folder cannot be removed on its own
├── IndexError_              the index on disk
│   ├── IndexMissing         there is none
│   ├── IndexOutdated        built by another model or format version
│   ├── IndexDamaged         a file of it is missing, cut off or altered
│   └── IndexLocked          another process is writing it
├── ModelError               model files
│   ├── ModelUnknown         not in the catalogue
│   ├── ModelMissing         known, but not fetched yet
│   ├── DownloadFailed       no source could deliver it
│   └── ChecksumMismatch     delivered, but not the accepted bytes
├── QuestionError            a question that cannot be asked (empty, too long)
├── QueueFull                too many questions are waiting
└── Cancelled                whoever asked has gone away
"""

from __future__ import annotations


class CrossciteError(Exception):
    """A problem that its message explains: the thing, the reason, the way out."""


class SettingsError(CrossciteError):
    """A setting has a value that cannot work."""


class DocumentError(CrossciteError):
    """A file cannot be read as a document: ``reason`` says why to people, ``why`` in one word to programs."""

    def __init__(self, path: str, reason: str, why: str = "damaged") -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.why = why


class UnsupportedFormat(DocumentError):
    """No reader for this kind of file."""


class DocumentTooLarge(DocumentError):
    """A file that is more than is taken."""


class DocumentExists(DocumentError):
    """A file that is there already, as ``document``."""

    def __init__(self, path: str, reason: str, document: str, why: str = "same") -> None:
        super().__init__(path, reason, why)
        self.document = document


class NameTaken(DocumentExists):
    """A file that has the name of another upload, ``document``, which it may replace."""


class NameRefused(DocumentError):
    """A name under which no upload can be kept."""


class DocumentNotFound(CrossciteError):
    """No document with this id in the index."""


class DocumentKept(CrossciteError):
    """A document that belongs to an indexed folder cannot be removed on its own."""

    def __init__(self, document: str, folder: str) -> None:
        super().__init__(
            f"{document} belongs to the indexed folder {folder}, where it would come back from. "
            f"Remove the file there, then run: crosscite index"
        )
        self.document = document
        self.folder = folder


class IndexError_(CrossciteError):
    """The index on disk cannot be used."""


class IndexMissing(IndexError_):
    """There is no index in the folder."""


class IndexOutdated(IndexError_):
    """The index was built by another model or another format version."""


class IndexDamaged(IndexError_):
    """A file of the index is missing, cut off or altered."""


class IndexLocked(IndexError_):
    """Another process is writing the index."""


class ModelError(CrossciteError):
    """Model files cannot be used."""


class ModelUnknown(ModelError):
    """The catalogue has no model of this name."""


class ModelMissing(ModelError):
    """The model is in the catalogue but not on this machine."""


class DownloadFailed(ModelError):
    """No source could deliver the model."""


class ChecksumMismatch(ModelError):
    """What was delivered is not the accepted bytes."""


class QuestionError(CrossciteError):
    """A question that cannot be asked; ``field`` names the part of the request."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class QueueFull(CrossciteError):
    """Too many questions are waiting; ``retry_after`` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Cancelled(CrossciteError):
    """Whoever asked has gone away."""


def system_reason(error: OSError) -> str:
    """Return why the system refused something, as the end of a sentence."""
    return (error.strerror or str(error)).lower()
