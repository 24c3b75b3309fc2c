"""Documents that are ZIP archives of XML (DOCX, PPTX, ODT, EPUB): their members, within bounds.

Nothing is ever unpacked to the disk, so a member's name is only a key: ``../../etc/passwd`` leads nowhere.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rag.readers.draft import Unreadable
from rag.readers.formats import encrypted

if TYPE_CHECKING:
    from lxml.etree import _Element

#: All members that are read of one archive, unpacked.
MAX_UNPACKED = 256 * 1024 * 1024
#: An archive lists at most this many members; honest ones have some thousands (an EPUB with a picture a page).
MAX_MEMBERS = 50_000
#: What a file begins with that is an old or encrypted Office document: a "compound file", no archive.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Archive:
    """The members of a ZIP archive by name; reading counts against one limit for the whole archive."""

    def __init__(self, data: bytes) -> None:
        if is_encrypted_office(data):
            raise encrypted()
        if data.startswith(_COMPOUND):
            raise Unreadable(
                "is in the format of Office before 2007, whatever its name says. Save it in the new one.", "old_office"
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise Unreadable(f"is damaged: no complete archive ({error})") from error
        self._names = self._zip.NameToInfo
        if len(self._names) > MAX_MEMBERS:
            raise Unreadable(f"lists {len(self._names):,} members: it is damaged or made to do harm")
        self._left = MAX_UNPACKED

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def require(self, name: str) -> None:
        """Refuse an archive without this member: it is another kind of file.

        Raises:
            Unreadable: it is not there, or encrypted.
        """
        self._info(name)

    def check_size(self, *suffixes: str) -> None:
        """Refuse an archive that a library is to read itself, if these members unpack to more than the limit.

        Python unpacks no member further than the archive says.

        Raises:
            Unreadable: they do.
        """
        if sum(info.file_size for name, info in self._names.items() if name.endswith(suffixes)) > MAX_UNPACKED:
            raise too_large_unpacked()

    def read(self, name: str) -> bytes:
        """The bytes of a member, unpacked no further than the limit.

        Raises:
            Unreadable: there is no such member, it is damaged or encrypted, or all together are too large.
        """
        info = self._info(name)
        try:
            with self._zip.open(info) as member:
                data = member.read(self._left + 1)
        except MemoryError:
            raise
        except Exception as error:  # zlib.error, lzma.LZMAError: each compressor has its own
            raise Unreadable(f"is damaged: {name} cannot be unpacked ({error})") from error
        self._left -= len(data)
        if self._left < 0:
            raise too_large_unpacked()
        return data

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = self._names.get(name)
        if info is None:
            raise Unreadable(f"is damaged, or not what its name says: there is no {name} in it")
        if info.flag_bits & 1:
            raise encrypted()
        return info

    def xml(self, name: str) -> _Element:
        """The root element of a member.

        Raises:
            Unreadable: as `read`, or it is no XML.
        """
        return parse_xml(self.read(name), name)


def is_encrypted_office(data: bytes) -> bool:
    """Whether a file is the envelope that Office puts around an encrypted document."""
    return data.startswith(_COMPOUND) and "EncryptedPackage".encode("utf-16-le") in data


def too_large_unpacked() -> Unreadable:
    """What is said of an archive that unpacks to more than the limit."""
    return Unreadable(
        f"unpacks to more than {MAX_UNPACKED // 2**20} MB: it is made to do harm, or to be split", "large"
    )


def parse_xml(data: bytes, name: str) -> _Element:
    """The root element of an XML text; no entity is expanded and nothing outside is looked at.

    Raises:
        Unreadable: it is no XML, or its entities make it larger than it is.
    """
    from lxml import etree

    # libxml2's own limits on depth and entities stay in force; a paragraph of more than 10 MB is refused with them.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"is damaged: {name} is not XML ({error.msg})") from error
    if root is None:
        raise Unreadable(f"is damaged: {name} is empty")
    return root


def target(base: str, link: str) -> str:
    """The member that a link inside the member ``base`` means, as a name in the archive."""
    path = unquote(link.partition("#")[0])
    if path.startswith("/"):
        return posixpath.normpath(path).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
