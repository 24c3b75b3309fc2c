from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rag import generations, models, wiring
from rag.cli import main
from rag.config import Settings
from rag.errors import Cancelled, DocumentError, IndexDamaged
from rag.indexing import build
from rag.models import catalogue, e5
from rag.models.catalogue import Model
from rag.readers import read
from rag.types import Answer, Question
from rag.wire import answer_to_dict
from tests.index.shelf import FakeEmbedder, Shelf
from tests.web.fakes import ANSWER, REFUSAL, FakeChatbot, Step, answered

Invoke = Callable[..., Result]

ROOT = Path(__file__).parents[1]


def program(*arguments: str, stdout: int = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "rag.cli", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        cwd=ROOT,
        timeout=60,
        check=False,
    )


# Importing


def test_the_command_line_imports_nothing_heavy() -> None:
    heavy = {"torch", "transformers", "sentence_transformers", "faiss", "llama_cpp", "fastapi", "babel", "numpy"}
    run = subprocess.run(
        [sys.executable, "-c", "import sys, rag.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert heavy.intersection(run.stdout.split()) == set()


def test_help_lists_every_command() -> None:
    run = program("--help")
    listed = {line.split()[0] for line in run.stdout.partition("Commands:")[2].splitlines() if line.strip()}
    assert {"ask", "doctor", "documents", "eval", "index", "models", "search", "serve"} <= listed


# What goes wrong before a model is needed, in the real program


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index over one document that claims to be made by the default embedder."""
    home = tmp_path_factory.mktemp("cli")
    (home / "a.txt").write_text("The apple hangs on the tree.\n", encoding="utf-8")
    build(
        [home / "a.txt"],
        home / "index",
        FakeEmbedder,
        embedder_name="e5-small",
        embedder_sha256=models.identity("e5-small"),
        progress=False,
    )
    return home / "index"


@pytest.mark.parametrize(
    ("arguments", "environment", "line"),
    [
        (["ask", "Why?"], {}, "No index in {none}. Run: crosscite index seeds"),
        (["search", "Why?"], {}, "No index in {none}. Run: crosscite index seeds"),
        (["documents"], {}, "No index in {none}. Run: crosscite index seeds"),
        (["index"], {}, "Nothing was ever indexed in {none}. Name a file or folder: crosscite index seeds"),
        (["index", "/no/such"], {}, "/no/such: there is no such file or folder."),
        (
            ["ask", "Why?"],
            {"CROSSCITE_INDEX": "{index}"},
            "The model qwen2.5-coder-1.5b is not in {none}. Run: crosscite models fetch qwen2.5-coder-1.5b",
        ),
        (
            ["ask", "Why?"],
            {"CROSSCITE_INDEX": "{index}", "CROSSCITE_LLM": "gpt"},
            "No model is called 'gpt'. Known: qwen2.5-coder-1.5b, qwen2.5-coder-0.5b, smollm2-135m, e5-small.",
        ),
        (
            ["models", "path", "e5-small"],
            {},
            "The model e5-small is not in {none}. Run: crosscite models fetch e5-small",
        ),
        (
            ["ask", "Why?", "--document", "b.txt"],
            {"CROSSCITE_INDEX": "{index}"},
            "No document 'b.txt' in the index. crosscite documents lists what there is.",
        ),
        (["ask", " \n"], {}, "question: is empty. Ask something."),
        (["search", ""], {}, "question: is empty. Ask something."),
        (["ask", "Why \udcff?"], {}, "question: is not valid Unicode. Check the terminal's encoding."),
        (["documents"], {"CROSSCITE_THREADS": "two"}, "CROSSCITE_THREADS is 'two', which is not a whole number. "),
        (["documents"], {"CROSSCITE_AHEAD": "maybe"}, "CROSSCITE_AHEAD is 'maybe'; it must be 1 (yes) or 0 (no)."),
        (["serve", "--port", "70000"], {}, "70000 is not a port. Give one from 1 to 65535: make run PORT=8001"),
    ],
)
def test_what_cannot_work_ends_in_one_line_with_the_way_out(
    arguments: list[str], environment: dict[str, str], line: str, indexed: Path, tmp_path: Path
) -> None:
    places = {"none": tmp_path / "none", "index": indexed}
    variables = {name: value.format(**places) for name, value in environment.items()}
    none = str(places["none"])
    run = program(*arguments, **{"CROSSCITE_INDEX": none, "CROSSCITE_MODELS": none, **variables})
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
    assert run.stderr.startswith(f"Error: {line.format(**places)}")


def test_a_busy_port_ends_in_one_line(indexed: Path) -> None:
    from web.server import listen

    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        run = program("serve", "--port", str(port))
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"Error: Port {port} on 127.0.0.1 is taken. Stop the other program or run: make run PORT={port + 1}\n"
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "ahead"),
    [
        ([], {}, True),
        (["--no-ahead"], {}, False),
        ([], {"CROSSCITE_AHEAD": "0"}, False),
        (["--no-ahead"], {"CROSSCITE_AHEAD": "1"}, False),
        ([], {"CROSSCITE_AHEAD": "yes"}, True),
    ],
)
def test_preparing_while_a_question_is_typed_can_be_switched_off(
    arguments: list[str], environment: dict[str, str], ahead: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Settings] = []
    monkeypatch.setattr("web.server.serve", lambda settings, *_, **__: served.append(settings))
    CliRunner().invoke(main, ["serve", *arguments], env=environment, catch_exceptions=False)
    assert [settings.ahead for settings in served] == [ahead]


def test_nobody_reading_the_output_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    run = program("models", "list", stdout=writing)
    os.close(writing)
    assert run.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_ends_with_one_line(tmp_path: Path) -> None:
    # Whoever runs the tests in the background of a shell has them ignore the signal.
    code = """
import signal, time, rag.indexing, rag.cli
signal.signal(signal.SIGINT, signal.default_int_handler)
def build(*paths, **options):
    print("ready", flush=True)
    time.sleep(60)
rag.indexing.build = build
rag.cli.main()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, "index", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=20)
    assert (run.returncode, errors) == (130, "Stopped.\n")


# crosscite ask


@pytest.fixture
def invoke(indexed: Path, tmp_path: Path) -> Invoke:
    def run(*arguments: str, **environment: str) -> Result:
        variables = {"CROSSCITE_INDEX": str(indexed), "CROSSCITE_MODELS": str(tmp_path / "none"), **environment}
        return CliRunner().invoke(main, arguments, env=variables)

    return run


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> FakeChatbot:
    bot = FakeChatbot(answered(ANSWER))
    monkeypatch.setattr(wiring, "load_chatbot", lambda settings, index: bot)
    return bot


def test_an_answer_is_printed_with_the_words_that_prove_it(invoke: Invoke, bot: FakeChatbot) -> None:
    result = invoke("ask", "Who founded DeepSeek?")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "Liang Wenfeng founded DeepSeek in 2023. [1] Young engineers can live near their families. [2]\n"
        "\n[1] China feiert DeepSeek (de, 2025-01-29)\n    firmen/deepseek.txt:9-54\n"
        "    “Liang Wenfeng gründete DeepSeek im Jahr 2023.”\n"
        "\n[2] 中国の若手技術者 (ja)\n    人材.txt:8-27\n    “若い技術者は故郷で家族の近くに住める。”\n"
        "\nLeft out, because no source supports it: He was born in Paris.\n"
        "\nfake-1b, 0.1 s\n"
    )


def test_a_refusal_shows_what_came_nearest(invoke: Invoke, bot: FakeChatbot) -> None:
    bot.scripts = [answered(REFUSAL)]
    assert invoke("ask", "What is the capital of Mongolia?").stdout == (
        "The documents do not say this.\n"
        "\nNearest in the documents:\n  - 中国の若手技術者: “若い技術者は故郷で家族の近くに住める。”\n"
        "\nfake-1b, 0.0 s\n"
    )


@pytest.mark.parametrize("answer", [ANSWER, REFUSAL])
def test_json_is_the_object_of_the_api_and_nothing_else(invoke: Invoke, bot: FakeChatbot, answer: Answer) -> None:
    bot.scripts = [answered(answer)]
    result = invoke("ask", "--json", "Who?")
    assert json.loads(result.stdout) == answer_to_dict(answer)
    assert result.stdout_bytes.decode("utf-8").startswith('{\n  "question": ')


def test_json_is_utf_8_whatever_the_terminal_writes(indexed: Path, bot: FakeChatbot) -> None:
    result = CliRunner(charset="ascii").invoke(main, ["--index-dir", str(indexed), "ask", "--json", "Who?"])
    assert "人材.txt" in result.stdout_bytes.decode("utf-8")


def test_wishes_reach_the_chatbot(invoke: Invoke, bot: FakeChatbot) -> None:
    assert invoke("ask", "Who?", "--language", "pt-BR", "--document", "a.txt").exit_code == 0
    assert [(one.text, one.language, one.documents) for one in bot.questions] == [("Who?", "pt", ("a.txt",))]


@pytest.mark.parametrize(
    ("locale", "spoken"), [("de_AT.UTF-8", ("de",)), ("nb_NO@euro", ("no",)), ("C.UTF-8", ()), ("", ())]
)
def test_the_language_of_the_terminal_is_told_to_the_chatbot(
    invoke: Invoke, bot: FakeChatbot, monkeypatch: pytest.MonkeyPatch, locale: str, spoken: tuple[str, ...]
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    assert invoke("ask", "Who?").exit_code == 0
    assert bot.questions == [Question("Who?", spoken=spoken)]


def test_of_the_settings_of_a_terminal_that_of_all_goes_before_that_of_messages_and_a_list_before_both(
    invoke: Invoke, bot: FakeChatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LANGUAGE": "tlh:fr_FR:de", "LC_ALL": "de_DE.UTF-8", "LC_MESSAGES": "en_US"}.items():
        monkeypatch.setenv(name, value)
    assert invoke("ask", "Who?").exit_code == 0
    assert bot.questions[-1].spoken == ("fr", "de")
    monkeypatch.setenv("LANGUAGE", "")
    assert invoke("ask", "Who?").exit_code == 0
    assert bot.questions[-1].spoken == ("de",)


def test_a_language_that_is_none_is_refused_before_anything_is_loaded(invoke: Invoke, bot: FakeChatbot) -> None:
    result = invoke("ask", "Who?", "--language", "klingon")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: language: 'klingon' is not a language that can be answered in; one of ar, ")
    assert bot.questions == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Cancelled("gone")])
def test_a_question_that_is_stopped_ends_with_one_line(
    invoke: Invoke, bot: FakeChatbot, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    def answer(question: Question) -> Iterator[Step]:
        yield from answered()[:3]
        raise stop

    monkeypatch.setattr(bot, "answer", answer)
    result = invoke("ask", "Who?")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "Stopped.\n")


def test_a_message_of_many_lines_becomes_one(invoke: Invoke, bot: FakeChatbot) -> None:
    bot.scripts = [[IndexDamaged("It is\ndamaged.")]]
    assert invoke("ask", "Who?").stderr == "Error: It is damaged.\n"


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_a_terminal_is_told_that_models_load_and_a_pipe_is_not(indexed: Path) -> None:
    import pty

    code = """
import rag.wiring, rag.cli
from tests.web.fakes import FakeChatbot
rag.wiring.load_chatbot = lambda settings, index: FakeChatbot()
rag.cli.main()
"""
    terminal, end = pty.openpty()
    run = subprocess.run(
        [sys.executable, "-c", code, "--index-dir", str(indexed), "ask", "Who?"],
        stdout=subprocess.PIPE,
        stderr=end,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    os.close(end)
    shown = os.read(terminal, 1000).decode()
    os.close(terminal)
    assert shown == "Loading the models…\r\x1b[KReading the documents…\r\x1b[K"
    assert run.stdout.startswith("Liang Wenfeng founded DeepSeek in 2023. [1]")


def test_a_missing_embedder_is_said_before_the_language_model_is_loaded(
    healthy: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "load_llm", lambda settings: pytest.fail("it was loaded"))
    (healthy.folder.with_name("models") / "tiny-embedder").unlink()
    result = CliRunner().invoke(main, ["ask", "Why?"], env=environment(healthy))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: The model tiny-embedder is not in ")


# crosscite index


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    monkeypatch.setattr(wiring, "load_embedder", lambda settings: shelf.embedder)
    yield shelf
    shelf.close()


def index(shelf: Shelf, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--index-dir", str(shelf.folder), "index", "--quiet", *arguments])


def test_indexing_says_what_it_did(shelf: Shelf) -> None:
    shelf.write({"a.txt": "An apple.", "b.txt": "A banana."})
    result = index(shelf, str(shelf.documents))
    assert result.exit_code == 0
    assert result.stdout.startswith("2 added, 0 replaced, 0 removed, 0 unchanged, 0 skipped in ")
    assert index(shelf).stdout.startswith("0 added, 0 replaced, 0 removed, 2 unchanged, 0 skipped in ")


def test_after_an_update_of_the_embedder_all_that_was_indexed_is_embedded_anew(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write({"a.txt": "An apple.", "b.txt": "A banana."})
    index(shelf, str(shelf.documents / "a.txt"))
    monkeypatch.setattr(e5, "CONVERTER_VERSION", e5.CONVERTER_VERSION + 1)
    shelf.embedder.embedded.clear()
    result = index(shelf, str(shelf.documents / "b.txt"))
    assert result.exit_code == 0
    said, summary = result.stdout.splitlines()
    assert said == "Another version of e5-small made this index: all of it is embedded anew."
    assert summary.startswith("2 added, 0 replaced, 0 removed, 0 unchanged, 0 skipped in ")
    assert [document.id for document in shelf.load(models.identity("e5-small")).documents()] == ["a.txt", "b.txt"]
    assert {"An apple.", "A banana."} <= set(shelf.embedder.embedded)


def test_after_an_update_of_the_embedder_nothing_is_done_that_would_lose_a_document(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write({"a.txt": "An apple."})
    index(shelf, str(shelf.documents))
    monkeypatch.setattr(e5, "CONVERTER_VERSION", e5.CONVERTER_VERSION + 1)
    away = shelf.documents.rename(shelf.documents.with_name("away"))
    for paths in ((), (str(away / "none.txt"),)):
        refused = index(shelf, *paths)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.endswith("Run: crosscite index --rebuild\n")
    assert shelf.load(None).manifest.documents == 1


def test_skipped_files_are_named_with_their_reason_and_give_an_exit_code_of_their_own(shelf: Shelf) -> None:
    shelf.write({"a.txt": "An apple."})
    (shelf.documents / "b.txt").write_bytes(bytes(range(256)) * 20)
    result = index(shelf, str(shelf.documents))
    with pytest.raises(DocumentError) as error:
        read(shelf.documents / "b.txt", id="b.txt")
    assert result.exit_code == 3
    assert result.stderr == f"Skipped {shelf.documents / 'b.txt'}: {error.value.reason}\n"
    assert result.stdout.startswith("1 added, 0 replaced, 0 removed, 0 unchanged, 1 skipped in ")


def test_nothing_but_unreadable_files_is_a_failure(shelf: Shelf) -> None:
    shelf.write({"a.txt": " "})
    result = index(shelf, str(shelf.documents))
    assert (result.exit_code, result.stderr) == (1, f"Skipped {shelf.documents / 'a.txt'}: is empty\n")


def test_files_without_a_reader_are_counted_by_suffix_and_do_not_fail_the_command(shelf: Shelf) -> None:
    shelf.write({"a.txt": "An apple.", "b.xyz": "", "c.xyz": "", "d.PNG": "", "Makefile": ""})
    result = index(shelf, str(shelf.documents))
    assert result.exit_code == 0
    assert result.stderr == (
        "Left alone, because there is no reader for these kinds of files: 2 .xyz, 1 without a suffix, 1 .png\n"
    )


# crosscite doctor


@pytest.fixture
def healthy(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Two tiny models in the folder \"models\", and an index made by one of them."""
    folder = shelf.folder.with_name("models")
    folder.mkdir()
    content = {"tiny-llm": b"llm", "tiny-embedder": b"embedder"}
    for name, value in content.items():
        (folder / name).write_bytes(value)
    sums = {name: hashlib.sha256(value).hexdigest() for name, value in content.items()}
    monkeypatch.setattr(
        catalogue,
        "CATALOGUE",
        tuple(
            Model(name, "llm", name, len(value), sums[name], "MIT", "en", "tiny", ()) for name, value in content.items()
        ),
    )
    shelf.write({"a.txt": "An apple.", "b.txt": "A banana."})
    shelf.build(sha256=sums["tiny-embedder"])
    return shelf


def environment(shelf: Shelf) -> dict[str, str]:
    return {
        "CROSSCITE_INDEX": str(shelf.folder),
        "CROSSCITE_MODELS": str(shelf.folder.with_name("models")),
        "CROSSCITE_LLM": "tiny-llm",
        "CROSSCITE_EMBEDDER": "tiny-embedder",
    }


def doctor(shelf: Shelf) -> Result:
    return CliRunner().invoke(main, ["doctor"], env=environment(shelf))


def test_doctor_finds_a_sound_installation_sound(healthy: Shelf) -> None:
    models_dir = healthy.folder.with_name("models")
    result = doctor(healthy)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"ok       model tiny-llm: {models_dir / 'tiny-llm'}",
        f"ok       model tiny-embedder: {models_dir / 'tiny-embedder'}",
        f"ok       index: 2 documents, 2 sentences in {healthy.folder}",
    ]


def test_doctor_names_a_missing_model_an_altered_one_and_a_missing_index(healthy: Shelf) -> None:
    models_dir = healthy.folder.with_name("models")
    (models_dir / "tiny-llm").unlink()
    (models_dir / "tiny-embedder").write_bytes(b"altered!")
    (healthy.folder / "manifest.json").unlink()
    result = doctor(healthy)
    assert result.exit_code == 1
    first, second, third = result.stdout.splitlines()
    assert first == (
        f"problem  model tiny-llm: The model tiny-llm is not in {models_dir}. Run: crosscite models fetch tiny-llm"
    )
    assert second.startswith(f"problem  model tiny-embedder: {models_dir / 'tiny-embedder'} has SHA-256 ")
    assert second.endswith("Run: crosscite models fetch tiny-embedder")
    assert third == f"problem  index: No index in {healthy.folder}. Run: crosscite index seeds"


def test_doctor_finds_files_that_changed_since_they_were_indexed(healthy: Shelf) -> None:
    healthy.write({"a.txt": "A cherry.", "c.txt": "New."})
    (healthy.documents / "b.txt").unlink()
    result = doctor(healthy)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2] == (
        "problem  index: 2 documents, 2 sentences; 3 files are to be read again or are gone. Run: crosscite index"
    )


def test_doctor_compares_every_byte_of_the_index(healthy: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "CHECKED_WHOLE", 100)
    (path,) = healthy.files("sqlite")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    result = doctor(healthy)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2] == (
        f"problem  index: {path} was altered: its checksum is not the manifest's. Run: crosscite index --rebuild"
    )


# crosscite documents


def test_single_files_are_added_replaced_and_removed_again(shelf: Shelf) -> None:
    def documents(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--index-dir", str(shelf.folder), "documents", *arguments])

    shelf.write({"a.txt": "The apple hangs on the tree.\n"})
    index(shelf, str(shelf.documents))
    path = shelf.folder.parent / "c.txt"
    path.write_text("The cherry is in the basket.\n", encoding="utf-8")
    assert documents("add", str(path)).stdout == "Added c.txt\n"
    again = documents("add", str(path), str(path.with_name("none.txt")))
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == (
        "Not added: c.txt: the same file is already there as c.txt.\n"
        f"Not added: {path.with_name('none.txt')}: no such file or directory\n"
    )
    path.write_text("The banana is in the basket.\n", encoding="utf-8")
    assert documents("add", str(path)).exit_code == 1
    assert documents("add", "--replace", str(path)).stdout == "Added c.txt\n"
    assert documents().stdout.startswith("a.txt\n    The apple")
    kept = documents("remove", "a.txt")
    assert (kept.exit_code, kept.stderr[:50]) == (1, "Error: a.txt belongs to the indexed folder documen")
    assert documents("remove", "c.txt").stdout == "Removed c.txt\n"
    assert [info.id for info in shelf.load(None).documents()] == ["a.txt"]


def test_a_single_file_for_a_damaged_index_is_refused_in_one_line(shelf: Shelf) -> None:
    shelf.write({"a.txt": "The apple hangs on the tree.\n", "b.txt": "The cherry is in the basket.\n"})
    index(shelf, str(shelf.documents / "a.txt"))
    (database,) = shelf.files("sqlite")
    database.unlink()
    arguments = ["--index-dir", str(shelf.folder), "documents", "add", str(shelf.documents / "b.txt")]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {database} is missing. Run: crosscite index --rebuild\n",
    )
