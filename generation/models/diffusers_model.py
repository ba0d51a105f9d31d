"""Any model that diffusers can run: one set of weights, and the pipelines that share it."""

# diffusers exports its classes lazily, which pyright takes for private, and types them partly.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Callable, Generator, Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import torch

from generation.errors import GenerationFailed, UnsupportedOption
from generation.models.acceleration import Acceleration, step_cache_of
from generation.models.adapter import Footage, OnStep, Shot
from generation.models.card import Lora, ModelCard, Preset, SchedulerChoice, Source, Task
from generation.models.embeddings import EmbeddingCache, remembered_prompts
from generation.models.family import Call, Family, refuse_what_it_cannot
from generation.models.parts import lora_file, put_part
from generation.models.rolling import going_round
from generation.models.step_cache import told
from generation.models.steps import heard_steps
from generation.request import Camera

FindFolder = Callable[[Source], Path]
"""Where a source's files are on this machine. Raises GenerationFailed."""


class DiffusersModel:
    """A `generation.models.adapter.VideoModel`.

    `pipeline` is the one that was loaded, for the card's first task; `find` gives the folders of
    LoRAs and parts, which are put in and taken out from shot to shot. Prompts that `embeddings`
    holds are not encoded again; `precision` tells these weights from the same ones rounded.
    """

    def __init__(
        self,
        pipeline: Any,
        *,
        card: ModelCard,
        family: Family,
        revision: str,
        find: FindFolder,
        embeddings: EmbeddingCache,
        precision: str = "",
    ) -> None:
        self._card = card
        self._family = family
        self._revision = revision
        self._find = find
        self._embeddings = embeddings
        self._precision = precision
        self._acceleration = Acceleration()
        self._loaded = pipeline
        self._pipelines: dict[str, Any] = {type(pipeline).__name__: pipeline}
        self._loras: tuple[Lora, ...] = ()
        self._parts: dict[str, Source] = dict(card.parts)

    @property
    def revision(self) -> str:
        return self._revision

    @property
    def dtype(self) -> str:
        """See `VideoModel.dtype`."""
        loaded = self._loaded
        denoiser = getattr(loaded, "transformer", None) or loaded.unet
        return str(denoiser.dtype).removeprefix("torch.")

    @property
    def goes_round(self) -> bool:
        """See `VideoModel.goes_round`."""
        denoiser = getattr(self._loaded, "transformer", None) or self._loaded.unet
        # CogVideoX 1.5 denoises frames in pairs, and adds one that is dropped later: no circle.
        single = (getattr(denoiser.config, "patch_size_t", None) or 1) == 1
        return Task.TEXT in self._card.tasks and self._family.time_axis is not None and single

    def scheduler(self, preset: str) -> str:
        """See `VideoModel.scheduler`. Raises UnsupportedOption for an unknown preset."""
        choice = self._card.preset(preset).scheduler
        name = choice.name or type(self._loaded.scheduler).__name__
        changes = ", ".join(f"{key}={value}" for key, value in sorted(choice.options.items()))
        return f"{name} ({changes})" if changes else name

    def generate(self, shot: Shot, on_step: OnStep) -> Footage:
        """Raises UnsupportedOption, GenerationFailed, and what `on_step` raises."""
        # 1. What the pipeline would round or ignore silently is refused.
        preset = self._card.preset(shot.preset)
        self._check(shot)
        # 2. The weights as the preset and the camera want them, with a schedule of its own: a
        #    scheduler keeps its place in the noise schedule, even after a cancelled run.
        self._dress(preset, shot.camera)
        pipeline = self.pipeline_for(shot.task)
        fresh = _fresh_scheduler(self._loaded.scheduler, preset.scheduler)
        pipeline.scheduler = fresh
        # 3. Noise comes from the CPU, so that a seed gives the same on every device; SkyReels-V2
        #    draws some from torch's own generator.
        torch.manual_seed(shot.seed)
        generator = torch.Generator("cpu").manual_seed(shot.seed)
        call = Call(shot=shot, preset=preset, card=self._card, pipeline=pipeline)
        try:
            with (
                _known_warnings(),
                heard_steps(pipeline, on_step, runs=self._family.runs(call)),
                remembered_prompts(pipeline, self._embeddings, self._encoders()),
                self._acceleration.applied(pipeline, preset, shot),
                self._circle(pipeline, shot),
            ):
                output = pipeline(
                    **self._family.arguments(call),
                    generator=generator,
                    output_type=self._family.output_type,
                )
        finally:
            # A pipeline made for another task shares the parts, and not the memory of their hooks.
            for each in {id(each): each for each in (pipeline, self._loaded)}.values():
                each.maybe_free_model_hooks()
        # 4. To pictures.
        return self._cut(self._family.read(output, call), call)

    def _circle(self, pipeline: Any, shot: Shot) -> contextlib.AbstractContextManager[None]:
        if not shot.goes_round or self._family.time_axis is None:
            return contextlib.nullcontext()
        return going_round(pipeline, axis=self._family.time_axis, steps=shot.steps)

    def _check(self, shot: Shot) -> None:
        card, family = self._card, self._family
        refuse_what_it_cannot(card, shot)
        if shot.goes_round and (shot.task is not Task.TEXT or not self.goes_round):
            raise UnsupportedOption("model", card.id, "makes no shots that go round")
        if shot.width % family.side_multiple or shot.height % family.side_multiple:
            raise GenerationFailed(
                f"{shot.width} x {shot.height} are not multiples of {family.side_multiple}"
            )

    def _encoders(self) -> Hashable:
        """What the text encoders' results depend on beside the words: a LoRA may change them."""
        return (self._card.id, self._revision, self._precision, self._loras)

    def pipeline_for(self, task: Task) -> Any:
        """The pipeline of a task, made of the loaded one's very components.

        Not by `from_pipe`, which casts all of them to one number format.
        """
        name = self._family.pipelines.get(task) or type(self._loaded).__name__
        if name not in self._pipelines:
            pipeline_class = getattr(diffusers, name)
            wanted = inspect.signature(pipeline_class.__init__).parameters
            given = {**dict(self._loaded.config), **self._loaded.components}
            self._pipelines[name] = pipeline_class(
                **{key: value for key, value in given.items() if key in wanted}
            )
        return self._pipelines[name]

    def _dress(self, preset: Preset, camera: Camera) -> None:
        parts = {**self._card.parts, **preset.parts}
        known = self._card.camera_loras
        loras = preset.loras + tuple(known[move] for move in camera.moves if move in known)
        if parts == self._parts and loras == self._loras:
            return
        if self._loras:  # first of all: they are woven into the layers that a part replaces
            self._loaded.unload_lora_weights()
            self._loras = ()
        for name, source in parts.items():
            if self._parts.get(name) != source:
                put_part(self._loaded, name, source, self._find(source))
                self._parts[name] = source
        self._put_on(loras)

    def _put_on(self, loras: tuple[Lora, ...]) -> None:
        for number, lora in enumerate(loras):
            file = lora_file(lora.source, self._find(lora.source))
            self._loaded.load_lora_weights(
                str(file.parent),
                weight_name=file.name,
                adapter_name=f"lora{number}",
                use_safetensors=True,
                local_files_only=True,
            )
        if loras:
            names = [f"lora{number}" for number in range(len(loras))]
            self._loaded.set_adapters(names, [lora.strength for lora in loras])
        self._loras = loras

    def _cut(self, footage: Footage, call: Call) -> Footage:
        """Exactly the shot's frames, a circle whole; some pipelines make whole sections."""
        shot, frames = call.shot, footage.frames
        if len(frames) < shot.frames or frames.shape[1:] != (shot.height, shot.width, 3):
            raise GenerationFailed(
                f"{self._card.id} made {frames.shape} instead of {shot.frames} frames of "
                f"{shot.width} x {shot.height}"
            )
        kept = frames if shot.goes_round else frames[: shot.frames]
        cache = step_cache_of(call.preset, shot)
        return replace(footage, frames=kept, step_cache="" if cache is None else told(cache))


@contextlib.contextmanager
def _known_warnings() -> Generator[None]:
    """What diffusers 0.42.1 does that NumPy 2 and torch warn of, and nobody here can change."""
    with warnings.catch_warnings():
        # Schedulers turn tensors into arrays in the old way.
        warnings.filterwarnings("ignore", message="__array__ implementation doesn't accept a copy")
        # Mochi asks for float32 autocasting, which only changes anything on a GPU.
        warnings.filterwarnings("ignore", message="In CPU autocast")
        # FasterCache tells high frequencies from low ones by it.
        warnings.filterwarnings("ignore", message="torch.meshgrid: in an upcoming release")
        yield


def _fresh_scheduler(loaded: Any, choice: SchedulerChoice) -> Any:
    """Raises GenerationFailed for a name that is no scheduler of diffusers."""
    if not choice.name:
        return type(loaded).from_config(loaded.config, **choice.options)
    scheduler_class = getattr(diffusers, choice.name, None)
    if not (isinstance(scheduler_class, type) and hasattr(scheduler_class, "set_timesteps")):
        raise GenerationFailed(f"diffusers has no scheduler {choice.name}")
    made: Any = scheduler_class
    return made.from_config(loaded.config, **choice.options)
