"""The settings of one crosscite process, read once and passed down.

Only the command line and the web entry read the environment (``CROSSCITE_*``); everything else is given a ``Settings``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from rag.errors import SettingsError

DEFAULT_LLM = "qwen2.5-coder-1.5b"
DEFAULT_EMBEDDER = "e5-small"


@dataclass(frozen=True)
class Settings:
    """Where things are and which models answer.

    ``models_dir`` is outside every checkout, so that a second clone downloads nothing. ``threads`` 0 means one per
    core: llama-cpp-python's own default is half of them, measured at half the speed. ``ahead`` lets the chat send
    questions while they are typed, so that evidence is read before they are asked.
    """

    index_dir: Path = Path("index")
    models_dir: Path = Path(platformdirs.user_cache_dir("crosscite")) / "models"
    llm: str = DEFAULT_LLM
    embedder: str = DEFAULT_EMBEDDER
    threads: int = 0
    queue_size: int = 8
    ahead: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``CROSSCITE_INDEX``, ``_MODELS``, ``_LLM``, ``_EMBEDDER``, ``_THREADS``, ``_QUEUE``, ``_AHEAD``.

        Raises:
            SettingsError: a value is not a whole number, or not yes or no, where one is needed.
        """
        defaults = cls()
        return cls(
            index_dir=Path(environment.get("CROSSCITE_INDEX") or defaults.index_dir),
            models_dir=Path(environment.get("CROSSCITE_MODELS") or defaults.models_dir).expanduser(),
            llm=environment.get("CROSSCITE_LLM") or defaults.llm,
            embedder=environment.get("CROSSCITE_EMBEDDER") or defaults.embedder,
            threads=_whole_number(environment, "CROSSCITE_THREADS", defaults.threads, minimum=0),
            queue_size=_whole_number(environment, "CROSSCITE_QUEUE", defaults.queue_size, minimum=1),
            ahead=_yes_or_no(environment, "CROSSCITE_AHEAD", defaults.ahead),
        )

    def as_environment(self) -> dict[str, str]:
        """Return the variables from which another process reads these settings."""
        return {
            "CROSSCITE_INDEX": str(self.index_dir.absolute()),
            "CROSSCITE_MODELS": str(self.models_dir.absolute()),
            "CROSSCITE_LLM": self.llm,
            "CROSSCITE_EMBEDDER": self.embedder,
            "CROSSCITE_THREADS": str(self.threads),
            "CROSSCITE_QUEUE": str(self.queue_size),
            "CROSSCITE_AHEAD": str(int(self.ahead)),
        }

    def replaced(self, *, index_dir: Path | None, models_dir: Path | None) -> Settings:
        """Return these settings with what is given in their place."""
        return replace(self, index_dir=index_dir or self.index_dir, models_dir=models_dir or self.models_dir)

    @property
    def cores(self) -> int:
        """Threads for the models: the setting, or the cores this process may use."""
        if self.threads:
            return self.threads
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _whole_number(environment: Mapping[str, str], name: str, default: int, *, minimum: int) -> int:
    value = environment.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError as error:
        raise SettingsError(f"{name} is {value!r}, which is not a whole number. Unset it or give one.") from error
    if number < minimum:
        raise SettingsError(f"{name} is {number}; it must be at least {minimum}.")
    return number


def _yes_or_no(environment: Mapping[str, str], name: str, default: bool) -> bool:
    value = environment.get(name, "").strip().lower()
    if value in ("", "1", "yes", "true", "on"):
        return default if not value else True
    if value in ("0", "no", "false", "off"):
        return False
    raise SettingsError(f"{name} is {value!r}; it must be 1 (yes) or 0 (no).")
