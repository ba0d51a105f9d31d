"""Tokenizers that need no files, and text encoders with two layers and random weights."""

# transformers is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import string
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    ByT5Tokenizer,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
    UMT5Config,
    UMT5EncoderModel,
)

WIDTH = 16
VOCABULARY = 128


def clip_tokenizer() -> CLIPTokenizer:
    characters = [chr(code) for code in range(33, 127)]
    pieces = [*characters, *(f"{each}</w>" for each in characters)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={piece: number for number, piece in enumerate(pieces)}, merges=[], model_max_length=77
    )


def clip_encoder(*, width: int = WIDTH, projected: bool = False) -> Any:
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=256,
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        projection_dim=width,
        bos_token_id=188,
        eos_token_id=189,
    )
    made = CLIPTextModelWithProjection if projected else CLIPTextModel
    return made(config).eval()


def t5_tokenizer() -> T5Tokenizer:
    pieces = ["<pad>", "</s>", "<unk>", "▁", *string.ascii_lowercase, *string.digits]
    return T5Tokenizer(
        vocab=[(piece, 0.0 if number < 3 else -2.0) for number, piece in enumerate(pieces)],
        extra_ids=0,
    )


def t5_encoder(*, width: int = WIDTH) -> T5EncoderModel:
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=VOCABULARY, d_model=width, d_kv=8, d_ff=32, num_layers=2, num_heads=2
    )
    return T5EncoderModel(config).eval()


def umt5_encoder() -> UMT5EncoderModel:
    torch.manual_seed(0)
    config = UMT5Config(
        vocab_size=VOCABULARY, d_model=WIDTH, d_kv=8, d_ff=32, num_layers=2, num_heads=2
    )
    return UMT5EncoderModel(config).eval()


def byte_tokenizer() -> ByT5Tokenizer:
    return ByT5Tokenizer()


def byte_encoder() -> T5EncoderModel:
    torch.manual_seed(0)
    config = T5Config(vocab_size=384, d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
    return T5EncoderModel(config).eval()


def letter_tokenizer(*specials: str) -> PreTrainedTokenizerFast:
    """A letter a token, in the part of LLaMA's, Gemma's and Qwen's tokenizers."""
    pieces = ["<pad>", "<s>", "</s>", "<unk>", *specials, *string.printable]
    tokenizer = Tokenizer(
        models.WordLevel({piece: n for n, piece in enumerate(pieces)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=list(specials),
    )
