"""What an interrupted build had embedded, kept when another build comes before it is taken up again.

    <index>/interrupted.sqlite    vectors by the keys of their texts, and the paths whose indexing they are for

A build over the same paths goes on in ``building.sqlite``. A build over other paths, such as that of an upload, and a
removal start from the finished index instead; before they do, the vectors go here, where any later build finds them.
No text is kept. The file is deleted when the paths are indexed, or by a rebuild. Whoever calls this holds the folder's
writer lock.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

from rag import generations
from rag.store import FORMAT, UPLOADS_ROOT, Store, Vectors, decode, decode_bytes

BEGUN = "begun"
"""In a build's facts: the largest number that a passage had when it was begun; what has a larger one is its work."""

_HALF, _BYTES = 0, 1
"""How a vector is encoded: as those of passages, or as those of sentences."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, encoding INTEGER NOT NULL, vector BLOB NOT NULL) "
    "WITHOUT ROWID",
)

_OF_PASSAGES = "SELECT passage_key, ?, passage FROM draft.passage_vectors WHERE number > ? ORDER BY passage_key"
_OF_SENTENCES = (
    "SELECT v.{kind}_key, ?, v.{kind} FROM draft.documents d JOIN draft.sentences s ON s.document = d.number "
    "JOIN draft.sentence_vectors v ON v.number = s.number WHERE d.first_passage > ? ORDER BY v.{kind}_key"
)


def found(folder: Path, generation: str) -> Store | None:
    """Open the build that was begun from a generation ("" for none) and interrupted; one that cannot be used goes."""
    generations.recover_building(folder)
    path = folder / generations.BUILDING
    store = Store.open_if_sound(path) if path.exists() else None
    if store is not None:
        meta = store.meta()
        if meta["format"] == str(FORMAT) and meta.get("base") in (generation, f"rebuild of {generation}"):
            return store
        store.close()
    generations.discard_building(folder)
    return None


def keep(folder: Path) -> None:
    """Take the vectors of the interrupted build that ``found`` has found, and delete it."""
    building = folder / generations.BUILDING
    if building.exists():
        with closing(Kept.open(folder)) as kept:
            kept.take(building)
    generations.discard_building(folder)


def forget(folder: Path, keys: Iterable[bytes]) -> None:
    """Keep nothing of texts that are removed; the keys are asked for only where something is kept."""
    if (folder / generations.INTERRUPTED).exists():
        with closing(Kept.open(folder)) as kept:
            kept.forget(keys)


def done(folder: Path, embedder_sha256: str, remaining: Callable[[Sequence[str]], Sequence[str]]) -> None:
    """Delete what is kept of an embedder's work when, of the paths that it is for, none are ``remaining``."""
    if (folder / generations.INTERRUPTED).exists():
        with closing(Kept.open(folder)) as kept:
            rest = remaining(kept.paths()) if kept.is_of(embedder_sha256) else kept.paths()
            kept.set_paths(rest)
        if not rest:
            discard(folder)


def discard(folder: Path) -> None:
    """Delete what is kept, whatever it is for."""
    generations.discard_database(folder / generations.INTERRUPTED)


class Kept:
    """The file of kept vectors, open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, folder: Path) -> Kept:
        """Open the file, or an empty one where there is none or a damaged one."""
        path = folder / generations.INTERRUPTED
        kept = cls._open(path)
        if not kept._is_sound():
            kept.close()
            generations.discard_database(path)
            kept = cls._open(path)
        for statement in _SCHEMA:
            kept._connection.execute(statement)
        return kept

    @classmethod
    def _open(cls, path: Path) -> Kept:
        return cls(sqlite3.connect(path, isolation_level=None))

    def _is_sound(self) -> bool:
        try:
            # What is forgotten is overwritten.
            self._connection.execute("PRAGMA secure_delete = ON")
            return self._connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
        except sqlite3.DatabaseError:
            return False

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def take(self, building: Path) -> None:
        """Take over what a build has embedded, all or nothing; of another embedder's vectors none are left."""
        self._connection.execute("ATTACH ? AS draft", (str(building),))
        meta = dict(self._connection.execute("SELECT key, value FROM draft.meta"))
        names = set(json.loads(meta["scans"]))
        embedder, begun = meta["embedder_sha256"], int(meta.get(BEGUN, 0))
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            if not self.is_of(embedder):
                self._connection.execute("DELETE FROM vectors")
                self.set_paths([])
            self._set({"format": str(FORMAT), "embedder_sha256": embedder})
            # The vectors of passages are the more exact ones, so they come first.
            for rows, encoding in (
                (_OF_PASSAGES, _HALF),
                (_OF_SENTENCES.format(kind="sentence"), _BYTES),
                (_OF_SENTENCES.format(kind="window"), _BYTES),
            ):
                self._connection.execute(f"INSERT OR IGNORE INTO vectors {rows}", (encoding, begun))
            # Uploads are looked through with whatever else is indexed.
            self.set_paths({*self.paths(), *(names - {UPLOADS_ROOT} or names)})
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        self._connection.execute("DETACH draft")

    def is_of(self, embedder_sha256: str) -> bool:
        """Whether the vectors are those of an embedder, in the encoding of today."""
        meta = self._meta()
        return (meta.get("format"), meta.get("embedder_sha256")) == (str(FORMAT), embedder_sha256)

    def vectors(self, keys: Iterable[bytes], dimensions: int) -> dict[bytes, Vectors]:
        """The vectors that are kept under these keys."""
        known: dict[bytes, Vectors] = {}
        for key in keys:
            rows = self._connection.execute("SELECT encoding, vector FROM vectors WHERE key = ?", (key,)).fetchall()
            for encoding, vector in rows:
                known[key] = (decode if encoding == _HALF else decode_bytes)([vector], dimensions)[0]
        return known

    def forget(self, keys: Iterable[bytes]) -> None:
        """Delete vectors."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("DELETE FROM vectors WHERE key = ?", ((key,) for key in keys))
        self._connection.execute("COMMIT")

    def paths(self) -> list[str]:
        """The names of the files and folders that what is kept is for."""
        return list(json.loads(self._meta().get("scans", "[]")))

    def set_paths(self, names: Iterable[str]) -> None:
        """Change them."""
        self._set({"scans": json.dumps(sorted(names))})

    def _meta(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT key, value FROM meta"))

    def _set(self, values: dict[str, str]) -> None:
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())
