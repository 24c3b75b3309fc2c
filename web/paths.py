"""The address of a document: its id may hold whatever a file's name may, slashes and line breaks included."""

from starlette.convertors import PathConvertor, register_url_convertor


class _AnyText(PathConvertor):
    # Starlette's own "path" ends at a line break.
    regex = "(?s:.*)"


register_url_convertor("document", _AnyText())

DOCUMENT = "/documents/{id:document}"
