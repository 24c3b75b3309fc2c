"""Documents, sentences, passages, vectors and the lexical index in one SQLite file.

A file is either being written (by one process) or finished and never changed again; ``open_for_reading`` relies on
that. Vectors of passages are little-endian float16; those of sentences, of which there are many more, are a float32
scale and a signed byte a number. Cosines move by less than 0.001.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from rag.errors import DocumentNotFound, IndexDamaged
from rag.lexical import terms
from rag.types import Document, Passage, Sentence, Span

Vectors = npt.NDArray[np.float32]

FORMAT = 5
"""Raise when the tables or the encoding of vectors change: files of another format are refused."""

MOST_OCCURRENCES = 20_000
"""Occurrences of a question's terms that are scored, the rarest terms first: a word that stands in every third of a
million sentences tells nothing and costs seconds."""

UPLOADS_ROOT = "uploads:"
"""The root of uploaded documents, wherever the index folder is; no folder is called so."""

MOST_TERMS = 64
"""Terms of a question that are searched for, the rarest first: a pasted page must not cost seconds."""

TIES = 32
"""Results fetched beyond the limit, so that the order among equal scores, not the search, decides who is left out."""

_FLOAT16 = np.dtype("<f2")
_FLOAT32 = np.dtype("<f4")

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, root TEXT NOT NULL, file TEXT NOT NULL,
    fingerprint TEXT NOT NULL, stamp TEXT NOT NULL, title TEXT NOT NULL, language TEXT NOT NULL, date TEXT, url TEXT,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL, sentences INTEGER NOT NULL, passages INTEGER NOT NULL, pages TEXT NOT NULL,
    furniture TEXT NOT NULL, added TEXT NOT NULL, first_passage INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX documents_by_content ON documents (sha256);
CREATE TABLE sentences (
    number INTEGER PRIMARY KEY, document INTEGER NOT NULL, position INTEGER NOT NULL, starts INTEGER NOT NULL,
    ends INTEGER NOT NULL, paragraph INTEGER NOT NULL, heading INTEGER NOT NULL, text TEXT NOT NULL,
    UNIQUE (document, position));
CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, position INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, starts INTEGER NOT NULL, ends INTEGER NOT NULL, text TEXT NOT NULL,
    UNIQUE (document, position));
CREATE TABLE sentence_vectors (
    number INTEGER PRIMARY KEY, sentence BLOB NOT NULL, window BLOB NOT NULL, sentence_key BLOB NOT NULL,
    window_key BLOB NOT NULL);
CREATE TABLE passage_vectors (number INTEGER PRIMARY KEY, passage BLOB NOT NULL, passage_key BLOB NOT NULL);
CREATE TABLE stories (document INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (document, other)) WITHOUT ROWID;
CREATE TABLE compared (document INTEGER PRIMARY KEY);
CREATE VIRTUAL TABLE lexical USING fts5 (terms, tokenize = "ascii tokenchars '_'");
CREATE VIRTUAL TABLE lexical_terms USING fts5vocab ('lexical', 'row');
"""

_SENTENCE = "d.id, s.position, s.starts, s.ends, s.text, s.paragraph, s.heading"
_PASSAGE = "d.id, p.position, p.first, p.last, p.starts, p.ends, p.text"


@dataclass(frozen=True)
class DocumentInfo:
    """What a list of documents shows of one: everything but its text.

    ``root`` is the file or folder that was indexed, as the manifest names it; ``added`` is when these words came into
    the index, as an ISO time in UTC.
    """

    id: str
    title: str
    language: str
    date: str | None
    url: str | None
    size: int
    sentences: int
    passages: int
    pages: int = 0
    root: str = ""
    added: str = ""

    @property
    def folder(self) -> str | None:
        """The name of the folder that it was indexed from; None for an upload."""
        return None if self.root == UPLOADS_ROOT else folder_name(self.root, self.id)


@dataclass(frozen=True)
class Origin:
    """Where a stored document came from: ``file`` below ``root``, and the fingerprint of what was read.

    While a file has the ``stamp``, it has the content ``sha256``; an empty stamp vouches for nothing.
    """

    id: str
    root: str
    file: str
    fingerprint: str
    sha256: str = ""
    stamp: str = ""


def folder_name(root: str, document_id: str) -> str:
    """The name of the folder behind a root, which is the file itself where a single file was indexed.

    >>> folder_name("project/seeds", "a.txt"), folder_name("project/seeds/a.txt", "a.txt")
    ('seeds', 'seeds')
    """
    path = Path(root)
    single = path.name == Path(document_id).name
    return (path.parent.name if single else path.name) or path.name


class KeyedVector(NamedTuple):
    """A vector and the key of the text it was made of, by which it is found again."""

    key: bytes
    vector: Vectors


@dataclass(frozen=True)
class Embedded:
    """A document as it is stored: its parts and, row by row, their vectors.

    ``window_vectors`` are those of the sentences together with their neighbours.
    """

    document: Document
    sentences: Sequence[Sentence]
    passages: Sequence[Passage]
    sentence_vectors: Sequence[KeyedVector]
    window_vectors: Sequence[KeyedVector]
    passage_vectors: Sequence[KeyedVector]


class PassageRange(NamedTuple):
    """The row numbers of a document's passages: ``length`` from ``first`` on."""

    document: str
    language: str
    first: int
    length: int


@dataclass(frozen=True)
class Counts:
    """How much a store holds."""

    documents: int
    sentences: int
    passages: int


class Store:
    """One SQLite file, safe to read from several threads."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, meta: Mapping[str, str]) -> Store:
        """Make an empty store; a file already at ``path`` is an ``sqlite3.OperationalError``."""
        store = cls.open_for_writing(path)
        with store.transaction():
            for statement in filter(str.strip, _SCHEMA.split(";\n")):
                store._connection.execute(statement)
            store.set_meta({**meta, "format": str(FORMAT)})
        return store

    @classmethod
    def open_for_writing(cls, path: Path) -> Store:
        """Open a store that nobody else has open."""
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # The rollback journal rather than WAL: commits are seconds apart, it needs the least room, and a full disk is
        # reported as such.
        connection.execute("PRAGMA journal_mode = DELETE")
        # What is deleted is overwritten: a removed document must not be readable in the file's free pages.
        connection.execute("PRAGMA secure_delete = ON")
        return cls(connection, path)

    @classmethod
    def open_if_sound(cls, path: Path) -> Store | None:
        """Open a store for writing if it was begun properly and SQLite finds it intact; reads the whole file."""
        try:
            store = cls.open_for_writing(path)
        except sqlite3.DatabaseError:
            return None
        try:
            if store._rows("PRAGMA quick_check(1)") == [("ok",)] and "format" in store.meta():
                return store
        except (sqlite3.DatabaseError, IndexDamaged):
            pass
        store.close()
        return None

    @classmethod
    def open_for_reading(cls, path: Path) -> Store:
        """Open a finished store: no locks are taken and nothing is written beside it.

        The file is opened at once, so the store stays readable when a newer generation replaces it.

        Raises:
            FileNotFoundError: there is no such file.
            IndexDamaged: it is not a store, or a damaged one.
        """
        if not path.is_file():
            raise FileNotFoundError(path)
        uri = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
        try:
            connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute("SELECT count(*) FROM meta").fetchone()
            except sqlite3.DatabaseError:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            if not path.exists():
                raise FileNotFoundError(path) from error
            raise IndexDamaged(f"{path} cannot be read: {error}. Run: crosscite index --rebuild") from error
        return cls(connection, path)

    def close(self) -> None:
        """Close the file; a closed store cannot be read."""
        with self._lock:
            self._connection.close()

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block is stored, or nothing of it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # SQLite rolls back by itself when the disk is full.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Remember short facts about the store itself."""
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def meta(self) -> dict[str, str]:
        """The short facts about the store itself."""
        return dict(self._rows("SELECT key, value FROM meta"))

    def add(self, embedded: Embedded, origin: Origin) -> None:
        """Store a document with its parts, replacing the one of the same id; call it inside a transaction."""
        added = self._added(embedded.document)
        self.remove(embedded.document.id)
        number = self._add_document(embedded, origin, added)
        self._add_sentences(number, embedded)
        self._add_passages(number, embedded)

    def remove(self, document_id: str) -> bool:
        """Delete a document from every table, if it is there; call it inside a transaction."""
        rows = self._rows("SELECT number FROM documents WHERE id = ?", document_id)
        if not rows:
            return False
        number = rows[0][0]
        sentences = "(SELECT number FROM sentences WHERE document = ?)"
        passages = "(SELECT number FROM passages WHERE document = ?)"
        for statement in (
            f"DELETE FROM lexical WHERE rowid IN {sentences}",
            f"DELETE FROM sentence_vectors WHERE number IN {sentences}",
            f"DELETE FROM passage_vectors WHERE number IN {passages}",
            "DELETE FROM sentences WHERE document = ?",
            "DELETE FROM passages WHERE document = ?",
            "DELETE FROM stories WHERE document = ?",
            "DELETE FROM stories WHERE other = ?",
            "DELETE FROM compared WHERE document = ?",
            "DELETE FROM documents WHERE number = ?",
        ):
            self._connection.execute(statement, (number,))
        self.set_meta({"removed": "1"})
        return True

    def set_same_story(self, document_id: str, others: Sequence[str]) -> None:
        """Remember that a document was compared, and with which it tells the same story; call it in a transaction."""
        (number, *numbers) = self._numbers([document_id, *others])
        self._connection.execute("INSERT OR REPLACE INTO compared VALUES (?)", (number,))
        pairs = [pair for other in numbers for pair in ((number, other), (other, number))]
        self._connection.executemany("INSERT OR REPLACE INTO stories VALUES (?, ?)", pairs)

    def finish(self) -> None:
        """Close the store as one file with nothing beside it, and nothing left in it of what was removed."""
        if self.meta().get("removed"):
            # FTS5 only marks deleted terms; merging its segments drops them. That is why replacing a document took 1.6
            # to 1.9 times as long as adding one (100,000 passages). With FTS5's own secure-delete it would be a fifth
            # of the merge, but SQLite before 3.42 refuses a file in which that was used.
            self._connection.execute("INSERT INTO lexical (lexical) VALUES ('optimize')")
            self._connection.execute("DELETE FROM meta WHERE key = 'removed'")
        self.close()

    def _added(self, document: Document) -> str:
        """Now, or when it was added if the same file was only moved or is read in another way."""
        rows = self._rows(
            "SELECT added FROM documents WHERE sha256 = ? ORDER BY id != ?, added", document.sha256, document.id
        )
        return str(rows[0][0]) if rows else datetime.now(timezone.utc).isoformat(timespec="seconds")

    def _add_document(self, embedded: Embedded, origin: Origin, added: str) -> int:
        document = embedded.document
        cursor = self._connection.execute(
            "INSERT INTO documents VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                origin.root,
                origin.file,
                origin.fingerprint,
                origin.stamp,
                document.title,
                document.language,
                document.date,
                document.url,
                document.sha256,
                document.size,
                len(embedded.sentences),
                len(embedded.passages),
                json.dumps(document.pages),
                json.dumps([(span.start, span.end) for span in document.furniture]),
                added,
                self._next_passage(),
                document.text,
            ),
        )
        number = cursor.lastrowid
        assert number is not None
        return number

    def _add_sentences(self, document: int, embedded: Embedded) -> None:
        first = int(self._rows("SELECT coalesce(max(number), 0) + 1 FROM sentences")[0][0])
        numbers = range(first, first + len(embedded.sentences))
        self._connection.executemany(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (number, document, s.position, s.start, s.end, s.paragraph, s.heading, s.text)
                for number, s in zip(numbers, embedded.sentences, strict=True)
            ),
        )
        self._connection.executemany(
            "INSERT INTO sentence_vectors VALUES (?, ?, ?, ?, ?)",
            (
                (number, encode_bytes(alone.vector), encode_bytes(window.vector), alone.key, window.key)
                for number, alone, window in zip(
                    numbers, embedded.sentence_vectors, embedded.window_vectors, strict=True
                )
            ),
        )
        self._connection.executemany(
            "INSERT INTO lexical (rowid, terms) VALUES (?, ?)",
            ((number, " ".join(terms(s.text))) for number, s in zip(numbers, embedded.sentences, strict=True)),
        )

    def _add_passages(self, document: int, embedded: Embedded) -> None:
        first = self._next_passage()
        numbers = range(first, first + len(embedded.passages))
        self._connection.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (number, document, p.position, p.first, p.last, p.start, p.end, p.text)
                for number, p in zip(numbers, embedded.passages, strict=True)
            ),
        )
        self._connection.executemany(
            "INSERT INTO passage_vectors VALUES (?, ?, ?)",
            (
                (number, encode(passage.vector), passage.key)
                for number, passage in zip(numbers, embedded.passage_vectors, strict=True)
            ),
        )

    def _next_passage(self) -> int:
        """The next row number of a passage: never one that was used, since the search structure knows them by it."""
        rows = self._rows("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'passages'")
        return int(rows[0][0]) if rows else 1

    # Reading

    def counts(self) -> Counts:
        """How many documents, sentences and passages there are."""
        row = self._rows("SELECT count(*), total(sentences), total(passages) FROM documents")[0]
        return Counts(*(int(value) for value in row))

    def documents(self) -> list[DocumentInfo]:
        """All documents, sorted by id, without their texts."""
        columns = "id, title, language, date, url, size, sentences, passages, json_array_length(pages), root, added"
        return [DocumentInfo(*row) for row in self._rows(f"SELECT {columns} FROM documents ORDER BY id")]

    def origins(self) -> list[Origin]:
        """Where every document came from, sorted by id."""
        columns = "id, root, file, fingerprint, sha256, stamp"
        return [Origin(*row) for row in self._rows(f"SELECT {columns} FROM documents ORDER BY id")]

    def document(self, document_id: str) -> Document:
        """One document with its text.

        Raises:
            DocumentNotFound: no document has this id.
        """
        columns = "id, text, title, language, date, url, sha256, size, pages, furniture"
        rows = self._rows(f"SELECT {columns} FROM documents WHERE id = ?", document_id)
        if not rows:
            raise _not_found(document_id)
        *values, pages, furniture = rows[0]
        return replace(
            Document(*values),
            pages=tuple(json.loads(pages)),
            furniture=tuple(Span(start, end) for start, end in json.loads(furniture)),
        )

    def page(self, document_id: str, offset: int) -> int | None:
        """The number of the page, from 1, on which an offset of a document lies; None where there are no pages.

        Raises:
            DocumentNotFound: no document has this id.
        """
        rows = self._rows("SELECT pages FROM documents WHERE id = ?", document_id)
        if not rows:
            raise _not_found(document_id)
        return bisect_right(json.loads(rows[0][0]), offset) or None

    def sentences_of(self, document_id: str) -> list[Sentence]:
        """The sentences of a document in order.

        Raises:
            DocumentNotFound: no document has this id.
        """
        number = self._numbers([document_id])[0]
        return self._sentences("WHERE s.document = ? ORDER BY s.position", number)

    def sentences_between(self, document_id: str, first: int, last: int) -> list[Sentence]:
        """The sentences of a document whose positions are ``first`` to ``last`` inclusive."""
        return self._sentences(
            "WHERE d.id = ? AND s.position BETWEEN ? AND ? ORDER BY s.position", document_id, first, last
        )

    def passages_of(self, document_id: str) -> list[Passage]:
        """The passages of a document in order.

        Raises:
            DocumentNotFound: no document has this id.
        """
        number = self._numbers([document_id])[0]
        return list(self._passages("WHERE p.document = ? ORDER BY p.position", number).values())

    def same_story(self, document_id: str) -> list[str]:
        """The other documents that tell the same story, sorted; also those found only by way of another one.

        Raises:
            DocumentNotFound: no document has this id.
        """
        rows = self._rows(
            "WITH RECURSIVE same (document) AS "
            "(SELECT ? UNION SELECT stories.other FROM stories JOIN same USING (document)) "
            "SELECT id FROM same JOIN documents ON number = document WHERE id != ? ORDER BY id",
            self._numbers([document_id])[0],
            document_id,
        )
        return [row[0] for row in rows]

    def uncompared(self) -> list[str]:
        """The documents of which it is not known whether others tell the same story, sorted."""
        rows = self._rows("SELECT id FROM documents WHERE number NOT IN (SELECT document FROM compared) ORDER BY id")
        return [row[0] for row in rows]

    def body_vectors(self, document_id: str, dimensions: int) -> Vectors:
        """The vectors of a document's sentences that are no headings, in order."""
        rows = self._rows(
            "SELECT v.sentence FROM sentences s JOIN sentence_vectors v USING (number) "
            "WHERE s.document = ? AND NOT s.heading ORDER BY s.position",
            self._numbers([document_id])[0],
        )
        return decode_bytes([row[0] for row in rows], dimensions)

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        """Passages by the row numbers under which their vectors are known."""
        return self._passages("WHERE p.number IN (SELECT value FROM json_each(?))", json.dumps(list(numbers)))

    def roots(self) -> list[str]:
        """The files and folders that documents came from, sorted."""
        return [row[0] for row in self._rows("SELECT DISTINCT root FROM documents ORDER BY root")]

    def passage_ranges(self, document_ids: Sequence[str] | None = None) -> list[PassageRange]:
        """Which row numbers the passages of each document, or of some documents, have.

        Raises:
            DocumentNotFound: one of the ids is unknown.
        """
        columns = "id, language, first_passage, passages"
        if document_ids is None:
            rows = self._rows(f"SELECT {columns} FROM documents")
        else:
            rows = self._rows(
                f"SELECT {columns} FROM documents WHERE number IN (SELECT value FROM json_each(?))",
                json.dumps(self._numbers(document_ids)),
            )
        return [PassageRange(*row) for row in rows]

    @property
    def last_passage(self) -> int:
        """The largest row number that a passage ever had."""
        return self._next_passage() - 1

    def all_passage_numbers(self) -> npt.NDArray[np.int64]:
        """The row numbers of all passages, rising."""
        ranges = sorted((first, count) for _, _, first, count in self.passage_ranges() if count)
        parts = [np.arange(first, first + count, dtype=np.int64) for first, count in ranges]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def passage_vectors(self, dimensions: int, batch: int = 8192) -> Iterator[tuple[npt.NDArray[np.int64], Vectors]]:
        """All passage vectors in batches of (row numbers, vectors), without holding more than one batch."""
        last = -1
        while rows := self._rows(
            "SELECT number, passage FROM passage_vectors WHERE number > ? ORDER BY number LIMIT ?", last, batch
        ):
            last = rows[-1][0]
            yield np.array([row[0] for row in rows], dtype=np.int64), decode([row[1] for row in rows], dimensions)

    def passage_vectors_of(
        self, numbers: npt.NDArray[np.int64], dimensions: int
    ) -> tuple[npt.NDArray[np.int64], Vectors]:
        """The vectors of the passages of these numbers that there are, and their numbers, rising."""
        rows = self._rows(
            "SELECT number, passage FROM passage_vectors WHERE number IN (SELECT value FROM json_each(?)) "
            "ORDER BY number",
            json.dumps(numbers.tolist()),
        )
        return np.array([row[0] for row in rows], dtype=np.int64), decode([row[1] for row in rows], dimensions)

    def some_passage_vectors(self, dimensions: int, count: int) -> Vectors:
        """The vectors of ``count`` passages, or of all if there are fewer: always the same for the same store."""
        numbers = self.all_passage_numbers()
        chosen = np.random.default_rng(0).permutation(numbers)[:count]
        return self.passage_vectors_of(chosen, dimensions)[1]

    def some_sentence_vectors(self, dimensions: int, count: int) -> Vectors:
        """The vectors of about ``count`` sentences: always the same for the same store."""
        most = int(self._rows("SELECT coalesce(max(number), 0) FROM sentence_vectors")[0][0])
        chosen = np.random.default_rng(0).integers(1, most + 1, size=count)
        rows = self._rows(
            "SELECT sentence FROM sentence_vectors WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number",
            json.dumps(chosen.tolist()),
        )
        return decode_bytes([row[0] for row in rows], dimensions)

    def sentence_vectors(self, sentences: Sequence[Sentence], dimensions: int) -> tuple[Vectors, Vectors]:
        """The vectors of sentences alone and with their neighbours: two arrays of shape (n, dimensions).

        Raises:
            DocumentNotFound: a sentence is not in this store.
        """
        wanted: dict[str, set[int]] = {}
        for sentence in sentences:
            wanted.setdefault(sentence.document, set()).add(sentence.position)
        blobs: dict[tuple[str, int], tuple[bytes, bytes]] = {}
        for document, positions in wanted.items():
            for position, alone, window in self._rows(
                "SELECT s.position, v.sentence, v.window FROM documents d JOIN sentences s ON s.document = d.number "
                "JOIN sentence_vectors v ON v.number = s.number "
                "WHERE d.id = ? AND s.position IN (SELECT value FROM json_each(?))",
                document,
                json.dumps(sorted(positions)),
            ):
                blobs[document, position] = alone, window
        try:
            found = [blobs[sentence.document, sentence.position] for sentence in sentences]
        except KeyError as error:
            raise _not_found("#".join(map(str, error.args[0]))) from error
        alone, windows = [alone for alone, _ in found], [window for _, window in found]
        return decode_bytes(alone, dimensions), decode_bytes(windows, dimensions)

    def keyed_vectors(self, document_id: str, dimensions: int) -> dict[bytes, Vectors]:
        """The stored vectors of a document by the keys of the texts they were made of."""
        known: dict[bytes, Vectors] = {}
        for kind, table, parts, decoded in (
            ("sentence", "sentence_vectors", "sentences", decode_bytes),
            ("window", "sentence_vectors", "sentences", decode_bytes),
            ("passage", "passage_vectors", "passages", decode),
        ):
            rows = self._rows(
                f"SELECT v.{kind}_key, v.{kind} FROM {table} v JOIN {parts} USING (number) "
                "JOIN documents d ON d.number = document WHERE d.id = ?",
                document_id,
            )
            known.update(zip((key for key, _ in rows), decoded([blob for _, blob in rows], dimensions), strict=True))
        return known

    def lexical(
        self, query: str, k: int, documents: Sequence[str] | None, frequency_of: Callable[[str], int]
    ) -> list[tuple[Sentence, float]]:
        """The ``k`` sentences that share the rarest terms with the query, by BM25 (higher is better).

        ``frequency_of`` is `document_frequency`, or what remembers it.

        Raises:
            DocumentNotFound: one of ``documents`` is unknown.
        """
        rarest = _rarest({term: frequency_of(term) for term in terms(query)})
        if not rarest or k <= 0:
            return []
        limited, values = "", []
        if documents is not None:
            limited = "AND +rowid IN (SELECT number FROM sentences WHERE document IN (SELECT value FROM json_each(?)))"
            values = [json.dumps(self._numbers(documents))]
        scores: dict[int, float] = {
            number: -rank
            for number, rank in self._rows(
                f"SELECT rowid, rank FROM lexical WHERE lexical MATCH ? {limited} ORDER BY rank LIMIT ?",
                " OR ".join(f'"{term}"' for term in rarest),
                *values,
                k + TIES,
            )
        }
        rows = self._rows(
            f"SELECT s.number, {_SENTENCE} FROM sentences s JOIN documents d ON d.number = s.document "
            "WHERE s.number IN (SELECT value FROM json_each(?))",
            json.dumps(list(scores)),
        )
        hits = [(_sentence(values), scores[number]) for number, *values in rows]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0].document, hit[0].position))[:k]

    def document_frequency(self, term: str) -> int:
        """In how many sentences a term of ``rag.lexical.terms`` occurs."""
        rows = self._rows("SELECT doc FROM lexical_terms WHERE term = ?", term)
        return int(rows[0][0]) if rows else 0

    def _numbers(self, document_ids: Sequence[str]) -> list[int]:
        unique = list(dict.fromkeys(document_ids))
        numbers = dict(
            self._rows(
                "SELECT id, number FROM documents WHERE id IN (SELECT value FROM json_each(?))", json.dumps(unique)
            )
        )
        for document_id in unique:
            if document_id not in numbers:
                raise _not_found(document_id)
        return [numbers[document_id] for document_id in unique]

    def _sentences(self, condition: str, *values: object) -> list[Sentence]:
        rows = self._rows(
            f"SELECT {_SENTENCE} FROM sentences s JOIN documents d ON d.number = s.document {condition}", *values
        )
        return [_sentence(row) for row in rows]

    def _passages(self, condition: str, *values: object) -> dict[int, Passage]:
        rows = self._rows(
            f"SELECT p.number, {_PASSAGE} FROM passages p JOIN documents d ON d.number = p.document {condition}",
            *values,
        )
        return {number: Passage(*passage) for number, *passage in rows}

    def _rows(self, statement: str, *values: object) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            # Large files are not checked byte by byte when they are opened, so damage may come to light only here.
            if "malformed" in str(error) or "not a database" in str(error):
                raise IndexDamaged(f"{self.path} is damaged: {error}. Run: crosscite index --rebuild") from error
            raise


def encode(vector: Vectors) -> bytes:
    """A vector of a passage as it is stored."""
    return vector.astype(_FLOAT16).tobytes()


def decode(blobs: Sequence[bytes], dimensions: int) -> Vectors:
    """Stored vectors of passages as an array of shape (n, dimensions)."""
    return np.frombuffer(b"".join(blobs), dtype=_FLOAT16).reshape(len(blobs), dimensions).astype(np.float32)


def encode_bytes(vector: Vectors) -> bytes:
    """A vector of a sentence as it is stored: what one step is, then how many steps each number is."""
    step = np.array(max(float(np.abs(vector).max()) / 127, np.finfo(np.float32).tiny), dtype=_FLOAT32)
    steps: npt.NDArray[np.int8] = np.rint(vector / step).astype(np.int8)
    return step.tobytes() + steps.tobytes()


def decode_bytes(blobs: Sequence[bytes], dimensions: int) -> Vectors:
    """Stored vectors of sentences as an array of shape (n, dimensions)."""
    rows = np.frombuffer(b"".join(blobs), dtype=np.dtype([("step", _FLOAT32), ("steps", np.int8, (dimensions,))]))
    return np.asarray(rows["steps"].astype(np.float32) * rows["step"][:, None], dtype=np.float32)


def _sentence(row: Sequence[Any]) -> Sentence:
    document, position, start, end, text, paragraph, heading = row
    return Sentence(document, position, start, end, text, paragraph, bool(heading))


def _not_found(document_id: str) -> DocumentNotFound:
    return DocumentNotFound(f"No document {document_id!r} in the index. crosscite documents lists what there is.")


def _rarest(frequencies: Mapping[str, int]) -> list[str]:
    known = sorted((term for term, frequency in frequencies.items() if frequency), key=lambda t: frequencies[t])
    occurrences = accumulate(frequencies[term] for term in known)
    return [term for term, total in zip(known, occurrences, strict=True) if total <= MOST_OCCURRENCES][:MOST_TERMS]
