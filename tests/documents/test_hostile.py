"""Broken and hostile files through the whole of indexing, and the process that reads them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag.errors import DocumentError
from rag.indexing import Summary
from rag.readers import child, isolation
from rag.readers.isolation import Limits, Reader
from tests.documents import hostile
from tests.documents.hostile import READ, Hostile
from tests.index.shelf import Shelf

#: The mechanism is that of the thirty seconds of real life.
SECONDS = 4.0
GIGABYTE = 2**30


@dataclass(frozen=True)
class Run:
    """What became of the hostile files: reasons by path below the folder, and the largest memory of the child."""

    files: list[Hostile]
    summary: Summary
    reasons: dict[str, str]
    texts: dict[str, str]
    peak: int
    before: set[Path]
    after: set[Path]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    home = tmp_path_factory.mktemp("hostile")
    secret = home / "secret.txt"
    secret.write_text(hostile.SECRET)
    shelf = Shelf(home)
    shelf.write({"0.txt": "An apple a day.", "zz/last.md": "# Fruit\n\nThe last banana."})
    files = hostile.write_all(shelf.documents, secret)
    before = _files(home)
    with pytest.MonkeyPatch.context() as patch, _Peak() as peak:
        patch.setattr(isolation._shared, "limits", Limits(seconds=SECONDS))
        isolation._shared.close()
        summary = shelf.build()
    after = {path for path in _files(home) if shelf.folder not in path.parents}
    index = shelf.load()
    reasons = {Path(path).relative_to(shelf.documents).as_posix(): reason for path, reason in summary.skipped}
    texts = {info.id: index.document(info.id).text for info in index.documents()}
    yield Run(files, summary, reasons, texts, peak.bytes, before, after)
    shelf.close()
    isolation._shared.close()


class _Peak:
    """Watches the memory of the shared reading process, whichever it is at the moment (Linux)."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            process = isolation._shared._process
            if process is not None:
                self.bytes = max(self.bytes, _memory(process.pid))


def _memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_refused_for_its_reason_or_read_without_harm(run: Run) -> None:
    wrong = {}
    for file in run.files:
        name = f"{file.kind}/{file.name}"
        reason = run.reasons.get(name, READ)
        if not any((part in reason if part else reason == READ) for part in file.expected):
            wrong[name] = reason
        assert (name in run.reasons) != (name in run.texts)
    assert wrong == {}


def test_enough_files_of_enough_kinds_are_refused_in_one_clear_line_each(run: Run) -> None:
    assert len(run.reasons) >= 60
    assert len({name.partition("/")[0] for name in run.reasons}) >= 12
    assert all("\n" not in reason and 8 <= len(reason) <= 220 for reason in run.reasons.values())


def test_the_honest_files_among_them_are_indexed(run: Run) -> None:
    assert run.texts["0.txt"] == "An apple a day."
    assert run.texts["zz/last.md"] == "Fruit\n\nThe last banana."


def test_no_file_makes_another_one_readable(run: Run) -> None:
    assert [name for name, text in run.texts.items() if hostile.SECRET in text] == []


def test_no_file_writes_another_one(run: Run) -> None:
    assert run.after == run.before


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is seen in /proc")
def test_no_file_takes_more_memory_than_it_may(run: Run) -> None:
    assert 100 * 2**20 < run.peak <= GIGABYTE


# The process that reads


@pytest.fixture(scope="module", autouse=True)
def imported_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """In a new environment the first process compiles what it imports, which counts as its processor time."""
    folder = tmp_path_factory.mktemp("first")
    reader = Reader(Limits(seconds=60))
    for name in ("a.txt", "b.md"):
        reader.read(written(folder, name, b"An apple lies in the grass of the old garden."), id=name)
    reader.close()


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader(Limits(seconds=SECONDS))
    yield reader
    reader.close()


def pid(reader: Reader) -> int:
    assert reader._process is not None
    return reader._process.pid


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_one_process_reads_file_after_file_and_a_refused_one_changes_nothing(reader: Reader, tmp_path: Path) -> None:
    good, bad = written(tmp_path, "a.txt", b"An apple."), written(tmp_path, "b.txt", bytes(100) + b"x")
    first = reader.read(good, id="one")
    process = pid(reader)
    with pytest.raises(DocumentError, match=r"^two: looks like a binary file"):
        reader.read(bad, id="two")
    assert reader.read(good, id="three").text == first.text
    assert pid(reader) == process


def test_a_parent_with_much_in_memory_keeps_its_reading_process(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", b"An apple.")
    code = (
        "from pathlib import Path; from rag.readers import isolation\n"
        "ballast = bytearray(b'x') * (600 * 2**20)\n"
        f"isolation.read(Path({str(tmp_path / 'a.txt')!r}), id='a')\n"
        "print(isolation._shared._process is not None)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment, timeout=120, check=False
    )
    assert parent.stdout == b"True\n", parent.stderr.decode()


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_read(reader: Reader, tmp_path: Path) -> None:
    slow = written(tmp_path, "slow.md", b"[" * 2_000_000)
    with pytest.raises(DocumentError, match=r"^slow: takes longer than 4 seconds to read"):
        reader.read(slow, id="slow")
    assert reader.read(written(tmp_path, "a.txt", b"An apple."), id="a").text == "An apple."


def test_a_large_file_may_take_longer(tmp_path: Path) -> None:
    with (tmp_path / "a.pdf").open("wb") as file:
        file.truncate(50 * 2**20)
    assert Limits(seconds=30).seconds_for(tmp_path / "a.pdf") == 70


def test_a_process_that_has_died_is_replaced(reader: Reader, tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt", b"An apple.")
    reader.read(path, id="a")
    assert reader._process is not None
    reader._process.kill()
    reader._process.wait()
    assert reader.read(path, id="b").id == "b"


def test_threads_share_one_process_and_get_their_own_documents(reader: Reader, tmp_path: Path) -> None:
    paths = [written(tmp_path, f"{number}.txt", f"Number {number} it is.".encode()) for number in range(24)]
    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(lambda path: reader.read(path, id=path.name), paths))
    assert [(d.id, d.text) for d in documents] == [(f"{n}.txt", f"Number {n} it is.") for n in range(24)]


def test_a_name_that_is_no_text_can_be_read(reader: Reader, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))
    path.write_bytes(b"An apple.")
    assert reader.read(path, id="a").text == "An apple."


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="the limits of a process are seen in /proc")
def test_the_process_is_bounded_by_the_system_itself(reader: Reader, tmp_path: Path) -> None:
    reader.read(written(tmp_path, "a.txt", b"An apple."), id="a")
    limits = Path(f"/proc/{pid(reader)}/limits").read_text()
    soft = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
    assert soft["Max address space"] == str(GIGABYTE)
    assert soft["Max file size"] == soft["Max core file size"] == "0"
    assert 0 < int(soft["Max cpu time"]) < 60


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("a.txt", "w", os.O_WRONLY | os.O_CREAT)),
        ("open", ("a.txt", "r+", os.O_RDWR)),
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("subprocess.Popen", ("sh", ["sh"], None, None)),
        ("os.remove", ("a.txt", -1)),
    ],
)
def test_the_process_may_neither_write_nor_connect_nor_start_anything(
    event: str, arguments: tuple[object, ...]
) -> None:
    with pytest.raises(PermissionError, match=f"a reader may not: {event}"):
        child._forbid(event, arguments)
    child._forbid("open", ("a.txt", "r", os.O_RDONLY))


def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", b"An apple.")
    code = (
        "import os, signal; from pathlib import Path; from rag.readers import isolation\n"
        f"isolation.read(Path({str(tmp_path / 'a.txt')!r}), id='a')\n"
        "print(isolation._shared._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment, timeout=120, check=False
    )
    child_pid = int(parent.stdout)
    for _ in range(500):
        if not _is_running(child_pid):
            return
        threading.Event().wait(0.02)
    pytest.fail("the reading process outlives its parent")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
