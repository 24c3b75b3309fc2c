"""The encoder of an E5 checkpoint as an ONNX graph whose matrix products are of 8-bit integers.

Each row of states is rounded to 8 bits by its own largest value, and so is each row of weights: a text's vector does
not depend on what else is in its batch. Its cosine with float32 arithmetic is .9997 on average (40 paragraphs of
JaQuAD). A graph that keeps the checkpoint's 4-bit weights as they are (``MatMulNBits``) has .9999 and takes about 1.7
times as long; one scale for a whole tensor has .995, and depends on the batch.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import ChecksumMismatch
from rag.models.e5 import BLOCK, Blocks, Checkpoint

_STATE_STEPS = 127
"""Steps from 0 to a row's largest value; unsigned, with 128 for 0, as the processors' products of bytes want it."""

_WEIGHT_STEPS, _PAIR_STEPS = 127, 127.5
"""Steps of the largest weight of a row, and of the largest two neighbours together: without VNNI the processor adds two
products of bytes in 16 bits, and 255 * 127.5 is the most that fits there. With fewer steps for each weight (63, the
usual way out) the cosine's error is half as large again."""

_OUTLIERS = (15, 35, 60, 87, 146, 297, 321, 351)
"""Dimensions of E5-small's normalised states that grow up to 28 times as large as half of the others do (measured on
``rag.declaration`` in 15 languages) and would leave those few steps: they are multiplied in float32, as in LLM.int8()
(Dettmers et al. 2022, arXiv:2208.07339). Without that the cosine is .9991 on average, and it takes 5 % less time."""

_OPERATORS = 17
_FORMAT = 9
_ONNX_RUNTIME = "com.microsoft"


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a graph from ``input_ids`` and ``attention_mask``, both int64 (texts, tokens), to ``states``.

    ``states`` are those of the tokens in the last layer: float32 (texts, tokens, dimensions).

    Raises:
        ChecksumMismatch: the checkpoint lacks a tensor.
    """
    import onnx

    onnx.save(_Graph(checkpoint).model(), path)


class _Graph:
    """Collects the nodes and weights in the order in which the data flows."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._shape = checkpoint.shape
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._outliers = np.array([dimension for dimension in _OUTLIERS if dimension < checkpoint.shape.hidden])

    def model(self) -> Any:
        from onnx import TensorProto, helper

        states = self._embeddings()
        for layer in range(self._shape.layers):
            states = self._layer(layer, states)
        self._node("Identity", [states], "states")
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["texts", "tokens", self._shape.hidden])
        model = helper.make_model(
            helper.make_graph(self._nodes, "e5", inputs, [output], self._weights),
            opset_imports=[helper.make_opsetid("", _OPERATORS), helper.make_opsetid(_ONNX_RUNTIME, 1)],
            ir_version=_FORMAT,
        )
        helper.set_model_props(model, {"positions": str(self._shape.positions)})
        return model

    def _embeddings(self) -> str:
        from onnx import TensorProto

        hidden = self._shape.hidden
        # The table of words is most of the model: only the rows of the words at hand become float32.
        words = self._blocks("emb.word", self._shape.vocabulary, hidden)
        blocks = (self._shape.vocabulary, hidden // BLOCK)
        self._weight("word.steps", words.steps.reshape(*blocks, BLOCK).astype(np.int8) - np.int8(8))
        self._weight("word.scales", words.scales.reshape(*blocks, 1))
        for part in ("steps", "scales"):
            self._node("Gather", [f"word.{part}", "input_ids"], f"word.{part}.rows", axis=0)
            self._node("Cast", [f"word.{part}.rows"], f"word.{part}.floats", to=TensorProto.FLOAT)
        self._node("Mul", ["word.steps.floats", "word.scales.floats"], "word.blocks")
        self._node("Reshape", ["word.blocks", self._weight("flat", np.array([0, 0, hidden]))], "word")
        positions = self._floats("emb.pos", self._shape.positions, hidden)
        types = self._floats("emb.type", self._shape.token_types, hidden)
        self._weight("position.table", positions + types[0])
        self._node("Shape", ["input_ids"], "tokens", start=1, end=2)
        self._node("Slice", ["position.table", self._weight("zero", np.array([0])), "tokens"], "position")
        self._node("Add", ["word", "position"], "embeddings")
        self._node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
        self._weight("thirds", np.array([hidden] * 3))
        self._weight("step", np.float32(1 / _STATE_STEPS))
        self._weight("middle", np.uint8(128))
        self._weight("tiny", np.float32(1e-9))
        self._weight("outliers", self._outliers)
        self._weight("others", np.array([dimension not in self._outliers for dimension in range(hidden)], np.float32))
        return self._normalised("embeddings", "emb.ln", self._shift("l0.ao"))

    def _layer(self, number: int, states: str) -> str:
        """Add a layer and return its states, with the shift of the next one's attention."""
        hidden, wide = self._shape.hidden, self._shape.feed_forward
        name = f"l{number}."
        mixing = np.concatenate([self._matrix(f"{name}{part}", hidden, hidden) for part in "qkv"])
        bias = np.concatenate([self._floats(f"{name}{part}.b", hidden) for part in "qkv"])
        self._product_of_normalised(states, mixing, f"{name}qkv")
        self._node("Split", [f"{name}qkv", "thirds"], [f"{name}queries", f"{name}keys", f"{name}values"], axis=-1)
        self._node(
            "MultiHeadAttention",
            [
                *(f"{name}{part}" for part in ("queries", "keys", "values")),
                self._weight(f"{name}qkv.bias", bias - mixing @ self._shift(f"{name}ao")),
                "mask",
            ],
            f"{name}attention",
            domain=_ONNX_RUNTIME,
            num_heads=self._shape.heads,
        )
        self._product(f"{name}attention", self._matrix(f"{name}ao", hidden, hidden), f"{name}attended")
        self._node("Add", [f"{name}attended", states], f"{name}attended.sum")
        attended = self._normalised(f"{name}attended.sum", f"{name}aln", self._shift(f"{name}fo"))
        widening = self._matrix(f"{name}fi", wide, hidden)
        self._product_of_normalised(attended, widening, f"{name}wide")
        bias = self._floats(f"{name}fi.b", wide) - widening @ self._shift(f"{name}fo")
        self._node("Add", [f"{name}wide", self._weight(f"{name}wide.bias", bias)], f"{name}wide.sum")
        self._node("Gelu", [f"{name}wide.sum"], f"{name}active", domain=_ONNX_RUNTIME)
        self._product(f"{name}active", self._matrix(f"{name}fo", hidden, wide), f"{name}narrow")
        self._node("Add", [f"{name}narrow", attended], f"{name}sum")
        return self._normalised(f"{name}sum", f"{name}oln", self._shift(f"l{number + 1}.ao"))

    def _product_of_normalised(self, states: str, matrix: NDArray[np.float32], output: str) -> None:
        """Add the product of states behind a normalisation, whose largest dimensions are multiplied apart."""
        self._node("Gather", [states, "outliers"], f"{output}.large", axis=-1)
        columns = self._weight(f"{output}.columns", matrix[:, self._outliers].T)
        self._node("MatMul", [f"{output}.large", columns], f"{output}.apart")
        self._node("Mul", [states, "others"], f"{output}.small")
        rest = matrix.copy()
        rest[:, self._outliers] = 0
        self._product(f"{output}.small", rest, f"{output}.rest")
        self._node("Add", [f"{output}.rest", f"{output}.apart"], output)

    def _product(self, states: str, matrix: NDArray[np.float32], output: str) -> None:
        """Add the product of states, each row in steps of its own, with a matrix's transpose."""
        self._node("Abs", [states], f"{output}.absolute")
        self._node("ReduceMax", [f"{output}.absolute"], f"{output}.most", axes=[-1], keepdims=1)
        self._node("Max", [f"{output}.most", "tiny"], f"{output}.largest")
        self._node("Div", [states, f"{output}.largest"], f"{output}.share")
        self._node("QuantizeLinear", [f"{output}.share", "step", "middle"], f"{output}.steps")
        scales = _scales(matrix)
        self._weight(f"{output}.weights", np.rint(matrix / scales[:, None]).astype(np.int8).T)
        self._weight(f"{output}.scales", scales)
        self._node(
            "MatMulIntegerToFloat",
            [f"{output}.steps", f"{output}.weights", "step", f"{output}.scales", "middle"],
            f"{output}.shares",
            domain=_ONNX_RUNTIME,
        )
        self._node("Mul", [f"{output}.shares", f"{output}.largest"], output)

    def _shift(self, name: str) -> NDArray[np.float32]:
        """The bias of a product whose output is added to the states before it; those bring it with them.

        It stands in the bias of the normalisation that they come from, which costs nothing, and is taken off where
        they go into another product. Behind the last layer nothing is added.
        """
        behind = name.startswith(f"l{self._shape.layers}.")
        return np.zeros(self._shape.hidden, np.float32) if behind else self._floats(f"{name}.b", self._shape.hidden)

    def _normalised(self, states: str, name: str, shift: NDArray[np.float32]) -> str:
        self._weight(f"{name}.w", self._floats(f"{name}.w", self._shape.hidden))
        self._weight(f"{name}.b", self._floats(f"{name}.b", self._shape.hidden) + shift)
        self._node(
            "LayerNormalization",
            [states, f"{name}.w", f"{name}.b"],
            f"{name}.out",
            axis=-1,
            epsilon=self._shape.epsilon,
        )
        return f"{name}.out"

    def _node(self, operator: str, inputs: list[str], outputs: str | list[str], **attributes: Any) -> None:
        from onnx import helper

        names = [outputs] if isinstance(outputs, str) else outputs
        self._nodes.append(helper.make_node(operator, inputs, names, **attributes))

    def _weight(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _floats(self, name: str, *size: int) -> NDArray[np.float32]:
        weights = self._checkpoint.weights.get(name)
        if weights is None or weights.size != math.prod(size):
            raise _missing(name, size)
        return weights.reshape(size)

    def _matrix(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        return self._blocks(f"{name}.w", rows, columns).floats().reshape(rows, columns)

    def _blocks(self, name: str, rows: int, columns: int) -> Blocks:
        blocks = self._checkpoint.blocks.get(name)
        if blocks is None or columns % BLOCK or blocks.steps.size != rows * columns:
            raise _missing(name, (rows, columns))
        return blocks


def _scales(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the size of a step for each row of weights."""
    size = np.abs(matrix)
    pairs = size.reshape(len(matrix), -1, 2).sum(axis=2)
    steps = np.maximum(size.max(axis=1) / _WEIGHT_STEPS, pairs.max(axis=1) / _PAIR_STEPS)
    return np.asarray(np.maximum(steps, np.finfo(np.float32).tiny), dtype=np.float32)  # a row may be all zeros


def _missing(name: str, size: tuple[int, ...]) -> ChecksumMismatch:
    return ChecksumMismatch(f"The checkpoint has no tensor {name} of {size}. Fetch it again: e5-small")
