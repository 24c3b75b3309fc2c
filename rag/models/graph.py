"""The encoder of an E5 checkpoint as an ONNX graph that keeps the checkpoint's 4-bit weights as they are.

ONNX Runtime multiplies blocks of 32 4-bit weights with activations rounded to 8 bits block by block (``MatMulNBits``,
accuracy level 4). So no weight is rounded a second time, a text's vector does not depend on what else is in its batch,
and it agrees with float32 arithmetic at cosine 0.9999. Per-tensor int8 is half as fast again, but at cosine 0.995 and
with vectors that depend on the batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import ChecksumMismatch

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rag.models.e5 import Checkpoint

BLOCK = 32
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

    def model(self) -> Any:
        from onnx import TensorProto, helper

        states = self._embeddings()
        for layer in range(self._shape.layers):
            states = self._layer(f"l{layer}.", states)
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
        import numpy as np
        from onnx import TensorProto

        hidden = self._shape.hidden
        # The table of words is most of the model: only the rows of the words at hand become float32.
        scales, steps = self._blocks("emb.word", self._shape.vocabulary, hidden)
        self._weight("word.steps", steps.astype(np.int8) - np.int8(8))
        self._weight("word.scales", scales[..., None].astype(np.float16))
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
        return self._normalised("embeddings", "emb.ln")

    def _layer(self, name: str, states: str) -> str:
        hidden, wide = self._shape.hidden, self._shape.feed_forward
        self._linear(states, [f"{name}q", f"{name}k", f"{name}v"], hidden, hidden, f"{name}qkv")
        self._node("Split", [f"{name}qkv", "thirds"], [f"{name}queries", f"{name}keys", f"{name}values"], axis=-1)
        self._node(
            "MultiHeadAttention",
            [f"{name}queries", f"{name}keys", f"{name}values", "", "mask"],
            f"{name}attention",
            domain=_ONNX_RUNTIME,
            num_heads=self._shape.heads,
        )
        self._linear(f"{name}attention", [f"{name}ao"], hidden, hidden, f"{name}attended")
        self._node("Add", [f"{name}attended", states], f"{name}attended.sum")
        attended = self._normalised(f"{name}attended.sum", f"{name}aln")
        self._linear(attended, [f"{name}fi"], wide, hidden, f"{name}wide")
        self._node("Gelu", [f"{name}wide"], f"{name}active", domain=_ONNX_RUNTIME)
        self._linear(f"{name}active", [f"{name}fo"], hidden, wide, f"{name}narrow")
        self._node("Add", [f"{name}narrow", attended], f"{name}sum")
        return self._normalised(f"{name}sum", f"{name}oln")

    def _linear(self, states: str, names: Sequence[str], rows: int, columns: int, output: str) -> None:
        """Several layers over the same states as one product: states times each weight's transpose, plus bias."""
        import numpy as np

        parts = [self._blocks(f"{name}.w", rows, columns) for name in names]
        scales = np.concatenate([scale for scale, _ in parts])
        steps = np.concatenate([step for _, step in parts])
        self._weight(f"{output}.weights", steps[..., 0::2] | steps[..., 1::2] << 4)
        self._weight(f"{output}.scales", scales.astype(np.float32).reshape(-1))
        self._weight(f"{output}.bias", np.concatenate([self._floats(f"{name}.b", rows) for name in names]))
        self._node(
            "MatMulNBits",
            [states, f"{output}.weights", f"{output}.scales", "", "", f"{output}.bias"],
            output,
            domain=_ONNX_RUNTIME,
            N=len(steps),
            K=columns,
            bits=4,
            block_size=BLOCK,
            accuracy_level=4,
        )

    def _normalised(self, states: str, name: str) -> str:
        for end in ("w", "b"):
            self._weight(f"{name}.{end}", self._floats(f"{name}.{end}", self._shape.hidden))
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

    def _weight(self, name: str, values: npt.NDArray[Any]) -> str:
        import numpy as np
        from onnx import numpy_helper

        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _floats(self, name: str, *size: int) -> npt.NDArray[np.float32]:
        weights = self._checkpoint.weights.get(name)
        if weights is None or weights.size != math.prod(size):
            raise _missing(name, size)
        return weights.reshape(size)

    def _blocks(self, name: str, rows: int, columns: int) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8]]:
        blocks = self._checkpoint.blocks.get(name)
        if blocks is None or columns % BLOCK or blocks.steps.size != rows * columns:
            raise _missing(name, (rows, columns))
        size = (rows, columns // BLOCK)
        return blocks.scales.reshape(size), blocks.steps.reshape(*size, BLOCK)


def _missing(name: str, size: tuple[int, ...]) -> ChecksumMismatch:
    return ChecksumMismatch(f"The checkpoint has no tensor {name} of {size}. Fetch it again: e5-small")
