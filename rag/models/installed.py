"""The models on this machine: where they are, and whether they are the accepted bytes.

A folder of models looks like this::

    qwen2.5-coder-1.5b-instruct-q4_k_m.gguf   a model's file
    e5-small-q4.bin                           another
    e5-small-onnx/                            made from it, see e5.py
    .verified/NAME.json                       size, time and SHA-256 of a file when it was last hashed
    .partial/NAME/                            a fetch that is not finished
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from rag.errors import ChecksumMismatch, ModelMissing
from rag.models import e5
from rag.models.catalogue import CATALOGUE, DEFAULT_MODELS, Model, get
from rag.models.checksum import sha256_of


def path_of(name: str, models_dir: Path) -> Path:
    """Return where the library that runs a model finds it: a GGUF file, or a folder with a graph and a tokenizer.

    Raises:
        ModelUnknown: the catalogue has no such model.
        ModelMissing: it has not been fetched; the message has the command.
        ChecksumMismatch: what is there is not the accepted bytes.
    """
    verify(name, models_dir)
    model = get(name)
    return models_dir / (model.converted or model.file)


def identity(name: str) -> str:
    """Return what an index remembers of its embedder: another file or another conversion makes other vectors.

    Raises:
        ModelUnknown: the catalogue has no such model.
    """
    model = get(name)
    if not model.converted:
        return model.sha256
    return hashlib.sha256(f"{model.sha256} converter {e5.CONVERTER_VERSION}".encode()).hexdigest()


def verify(name: str, models_dir: Path, *, deep: bool = False) -> None:
    """Check that a model is complete and unaltered.

    A file is hashed once; from then on its size and time of change vouch for it, because hashing 1.1 GB at every
    start would be felt. ``deep`` hashes again.

    Raises:
        ModelUnknown: the catalogue has no such model.
        ModelMissing: it has not been fetched.
        ChecksumMismatch: what is there is not the accepted bytes.
    """
    model = get(name)
    verify_file(model, models_dir, deep=deep)
    if model.converted and not e5.is_complete(models_dir / model.converted, model.sha256, deep=deep):
        raise ModelMissing(
            f"{models_dir / model.converted} is missing, incomplete or of an older version. "
            f"Run: crosscite models fetch {name}"
        )


def verify_file(model: Model, models_dir: Path, *, deep: bool = False) -> None:
    """Check the file that was fetched, and not what was made from it; raises as ``verify`` does."""
    path = models_dir / model.file
    way_out = f"Run: crosscite models fetch {model.name}"
    if not path.is_file():
        raise ModelMissing(f"The model {model.name} is not in {models_dir}. {way_out}")
    size = path.stat().st_size
    if size != model.size:
        raise ChecksumMismatch(f"{path} has {size:,} bytes; {model.name} has {model.size:,}. {way_out}")
    if deep or not _is_stamped(model, models_dir):
        digest = sha256_of(path)
        if digest != model.sha256:
            raise ChecksumMismatch(f"{path} has SHA-256 {digest}; {model.name} has {model.sha256}. {way_out}")
        stamp(model, models_dir)


def table_rows(models_dir: Path) -> list[dict[str, str]]:
    """Return a row a model, in the catalogue's order, for ``crosscite models list``: each value is ready to print."""
    return [
        {
            "name": model.name,
            "kind": model.kind,
            "size": f"{model.size / 1e6:,.0f} MB",
            "licence": model.licence,
            "languages": model.languages,
            "default": "yes" if model.name in DEFAULT_MODELS else "",
            "present": "yes" if is_present(model, models_dir) else "",
            "summary": model.summary,
        }
        for model in CATALOGUE
    ]


def is_present(model: Model, models_dir: Path) -> bool:
    """Tell at a glance (by sizes, without hashing) whether a model is there."""
    path = models_dir / model.file
    if not path.is_file() or path.stat().st_size != model.size:
        return False
    return not model.converted or e5.is_complete(models_dir / model.converted, model.sha256)


def stamp(model: Model, models_dir: Path) -> None:
    """Record that a model's file has just been hashed and found right."""
    target = _stamp_path(model, models_dir)
    try:
        target.parent.mkdir(exist_ok=True)
        temporary = target.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(_fingerprint(model, models_dir)), encoding="utf-8")
        os.replace(temporary, target)
    except OSError:
        # A folder of models may be read-only (a container's image): then the file is hashed at each start.
        return


def _is_stamped(model: Model, models_dir: Path) -> bool:
    try:
        known: object = json.loads(_stamp_path(model, models_dir).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return known == _fingerprint(model, models_dir)


def _fingerprint(model: Model, models_dir: Path) -> dict[str, object]:
    status = (models_dir / model.file).stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": model.sha256}


def _stamp_path(model: Model, models_dir: Path) -> Path:
    return models_dir / ".verified" / f"{model.name}.json"
