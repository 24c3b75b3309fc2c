"""The embedder as float32 in a folder that sentence-transformers loads: what the fast form is measured by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ChecksumMismatch
from rag.models import e5

if TYPE_CHECKING:
    from rag.models.e5 import Checkpoint, Weights

_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def write(source: Path, folder: Path) -> None:
    """Write the checkpoint in ``source`` to ``folder``, which is made."""
    checkpoint = e5.read(source)
    folder.mkdir(parents=True)
    _write_weights(checkpoint, folder)
    e5.write_tokenizer(checkpoint, folder)
    _write_tokenizer_configuration(checkpoint, folder)
    _write_configuration(checkpoint, folder)


def _write_weights(checkpoint: Checkpoint, folder: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    shape = checkpoint.shape
    weights = {**checkpoint.weights, **{name: blocks.floats() for name, blocks in checkpoint.blocks.items()}}
    hidden, wide = shape.hidden, shape.feed_forward
    dimensions = {
        "fi.w": (wide, hidden),
        "fi.b": (wide,),
        "fo.w": (hidden, wide),
        **{f"{name}.w": (hidden, hidden) for name in ("q", "k", "v", "ao")},
    }
    tensors: dict[str, Weights] = {}

    def put(target: str, name: str, size: tuple[int, ...]) -> None:
        if name not in weights or weights[name].size != np.prod(size):
            raise ChecksumMismatch(f"The checkpoint has no tensor {name} of {size}. Fetch it again: e5-small")
        tensors[target] = weights[name].reshape(size)

    put("embeddings.word_embeddings.weight", "emb.word", (shape.vocabulary, hidden))
    put("embeddings.position_embeddings.weight", "emb.pos", (shape.positions, hidden))
    put("embeddings.token_type_embeddings.weight", "emb.type", (shape.token_types, hidden))
    put("embeddings.LayerNorm.weight", "emb.ln.w", (hidden,))
    put("embeddings.LayerNorm.bias", "emb.ln.b", (hidden,))
    for layer in range(shape.layers):
        for short, long in _LAYER_NAMES.items():
            for end, word in (("w", "weight"), ("b", "bias")):
                size = dimensions.get(f"{short}.{end}", (hidden,))
                put(f"encoder.layer.{layer}.{long}.{word}", f"l{layer}.{short}.{end}", size)
    # Mean pooling never looks at BERT's pooler; without these zeros transformers reports it as missing.
    tensors["pooler.dense.weight"] = np.zeros((hidden, hidden), dtype=np.float32)
    tensors["pooler.dense.bias"] = np.zeros(hidden, dtype=np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _write_tokenizer_configuration(checkpoint: Checkpoint, folder: Path) -> None:
    vocabulary = checkpoint.vocabulary
    piece = {role: vocabulary.pieces[getattr(vocabulary, role)][0] for role in ("bos", "eos", "pad", "unk")}
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": checkpoint.shape.positions,
            "clean_up_tokenization_spaces": False,
            "bos_token": piece["bos"],
            "cls_token": piece["bos"],
            "eos_token": piece["eos"],
            "sep_token": piece["eos"],
            "pad_token": piece["pad"],
            "unk_token": piece["unk"],
        },
    )


def _write_configuration(checkpoint: Checkpoint, folder: Path) -> None:
    shape = checkpoint.shape
    _write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.feed_forward,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.token_types,
            "layer_norm_eps": shape.epsilon,
            "pad_token_id": checkpoint.vocabulary.pad,
            "torch_dtype": "float32",
        },
    )
    _write_json(
        folder / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
    )
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": shape.positions, "do_lower_case": False})
    _write_json(folder / "config_sentence_transformers.json", {"similarity_fn_name": "cosine"})
    (folder / "1_Pooling").mkdir()
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": shape.hidden, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True},
    )
    (folder / "2_Normalize").mkdir()


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
