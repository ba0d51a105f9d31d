"""The tokenizer and the T5 encoder, taught to read captions before the transformer sees them.

The encoder learns to tell from every single token what the whole caption says (thing, colour,
motion, ...). The transformer then gets well separated conditions from its first step.
"""

# diffusers and torch are partly typed, and diffusers exports its classes lazily;
# the `to` of their models is typed as a function without self.
# pyright: reportArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import logging
import time

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

from generation.pocket.captions import caption, draw_unsaid
from generation.pocket.vocabulary import trained_words
from generation.pocket.world import (
    BACKGROUNDS,
    CAMERAS,
    COLOURS,
    MOTIONS,
    SIZES,
    SPEEDS,
    STYLES,
    THINGS,
    Scene,
    sample_scene,
)

_log = logging.getLogger(__name__)

MAX_TOKENS = 64
"""Longest prompt in tokens; what follows is cut."""
_PADDING, _END, _UNKNOWN = "<pad>", "</s>", "<unk>"
_IGNORED = -100
_CLASSES: dict[str, int] = {
    "thing": len(THINGS), "colour": len(COLOURS), "size": len(SIZES), "motion": len(MOTIONS),
    "speed": len(SPEEDS), "background": len(BACKGROUNDS), "camera": len(CAMERAS),
    "style": len(STYLES), "companion": len(THINGS) + 1, "companion colour": len(COLOURS) + 1,
}  # fmt: skip
"""How many values each attribute has; the last of a companion's is that there is none."""
_BATCH = 192
_LEARNING_RATE = 1.5e-3
_UNKNOWN_SHARE = 0.15
"""Captions that get a word the model does not know, so that it learns to read past them."""


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Whole words of the pocket vocabulary, lower-cased; T5's special tokens 0, 1 and 2."""
    words = [_PADDING, _END, _UNKNOWN, *trained_words()]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    # Keep letters only: punctuation and digits carry nothing here.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation("removed"), pre_tokenizers.WhitespaceSplit()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {_END}", special_tokens=[(_END, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=_END,
        pad_token=_PADDING,
        unk_token=_UNKNOWN,
        model_max_length=MAX_TOKENS,
    )


def build_text_encoder(tokenizer: PreTrainedTokenizerFast, *, width: int = 128) -> T5EncoderModel:
    """A new encoder of three layers."""
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=width,
        d_kv=32,
        num_heads=4,
        d_ff=2 * width,
        num_layers=3,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        is_decoder=False,
        use_cache=False,
    )
    return T5EncoderModel(config)


class CaptionEncoder:
    """Captions to conditions for the transformer, at the batch's own length."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, model: T5EncoderModel, device: torch.device
    ) -> None:
        self._tokenizer = tokenizer
        self._model = model.to(device).eval()
        self._device = device

    def tokens(self, captions: list[str]) -> tuple[Tensor, Tensor]:
        """Token ids and mask, both (captions, longest)."""
        found = self._tokenizer(
            captions, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        )
        return found["input_ids"].to(self._device), found["attention_mask"].to(self._device)

    def states(self, captions: list[str]) -> tuple[Tensor, Tensor]:
        """Hidden states (captions, longest, width) and mask."""
        ids, mask = self.tokens(captions)
        return self._model(ids, attention_mask=mask)[0], mask


def train_text_encoder(
    tokenizer: PreTrainedTokenizerFast,
    model: T5EncoderModel,
    *,
    minutes: float,
    seed: int,
    device: torch.device,
) -> list[tuple[int, float]]:
    """Teach the encoder to read; returns (step, loss) every 20 steps."""
    rng = np.random.default_rng([seed, 3])
    encoder = CaptionEncoder(tokenizer, model, device)
    heads = nn.Linear(model.config.d_model, sum(_CLASSES.values())).to(device)
    weights = [*model.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=_LEARNING_RATE, weight_decay=0.01)
    curve: list[tuple[int, float]] = []
    started, step = time.monotonic(), 0
    model.train()
    while (done := (time.monotonic() - started) / (60 * minutes)) < 1:
        optimizer.param_groups[0]["lr"] = _LEARNING_RATE * min(1, (step + 1) / 100) * (1.02 - done)
        captions, labels = _sample_captions(rng, _BATCH)
        loss, right = _reading_loss(encoder, heads, captions, labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        step += 1
        if step % 20 == 0:
            curve.append((step, loss.item()))
        if step % 200 == 0:
            _log.info("text encoder step %d, loss %.4f, %.1f %% read", step, loss, 100 * right)
    model.eval()
    return curve


def _sample_captions(rng: np.random.Generator, count: int) -> tuple[list[str], Tensor]:
    captions: list[str] = []
    labels: list[list[int]] = []
    for _ in range(count):
        scene, unsaid = sample_scene(rng), draw_unsaid(rng, given_frame=bool(rng.uniform() < 0.2))
        words = caption(scene, rng, unsaid=unsaid).split()
        if rng.uniform() < _UNKNOWN_SHARE:
            words.insert(int(rng.integers(len(words) + 1)), _UNKNOWN)
        captions.append(" ".join(words))
        labels.append(_labels(scene, unsaid))
    return captions, torch.tensor(labels)


def _labels(scene: Scene, unsaid: frozenset[str]) -> list[int]:
    """The class of each attribute in the order of `_CLASSES`; what is unsaid cannot be asked."""
    assert scene.thing is not None
    other = scene.companion if "companion" not in unsaid else None
    said = {
        "thing": THINGS.index(scene.thing.name),
        "colour": COLOURS.index(scene.thing.colour),
        "size": SIZES.index(scene.thing.size),
        "motion": MOTIONS.index(scene.motion),
        "speed": SPEEDS.index(scene.speed),
        "background": BACKGROUNDS.index(scene.background),
        "camera": CAMERAS.index(scene.camera),
        "style": STYLES.index(scene.style),
        "companion": len(THINGS) if other is None else THINGS.index(other.name),
        "companion colour": len(COLOURS) if other is None else COLOURS.index(other.colour),
    }
    # A thing at rest has no speed, and its caption names none.
    hidden = (unsaid - {"companion"}) | (
        {"speed"} if "motion" in unsaid or scene.motion == "still" else set()
    )
    return [_IGNORED if name in hidden else said[name] for name in _CLASSES]


def _reading_loss(
    encoder: CaptionEncoder, heads: nn.Linear, captions: list[str], labels: Tensor
) -> tuple[Tensor, float]:
    """Cross entropy of every attribute read from every token, and the share read right."""
    states, mask = encoder.states(captions)
    rows = mask.bool()
    logits = heads(states[rows]).split(list(_CLASSES.values()), dim=1)
    wanted = labels.unsqueeze(1).expand(-1, rows.shape[1], -1)[rows]
    loss = torch.stack(
        [functional.cross_entropy(part, wanted[:, n]) for n, part in enumerate(logits)]
    ).mean()
    right = torch.stack(
        [(part.argmax(1) == wanted[:, n])[wanted[:, n] >= 0].float().mean()
         for n, part in enumerate(logits)]
    )  # fmt: skip
    return loss, right.mean().item()
