"""Where models compute: the device, its number format and its memory, as measured."""

# torch ships no complete types for its device functions.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from generation.errors import DeviceFailed, GenerationFailed, OutOfMemory

DEVICES = ("auto", "cpu", "cuda", "mps")

CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says what a container may take: control groups, version 2 and version 1."""

PROCESS_STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
RESET_PEAK = "5"
"""Makes the kernel forget VmHWM, the peak of resident memory: proc_pid_clear_refs(5)."""


def main_memory_bytes(limits: Sequence[Path] = CONTAINER_LIMITS) -> int:
    """Main memory that this process may take: all, or less where its container is limited."""
    bounds = [psutil.virtual_memory().total]
    for file in limits:
        with contextlib.suppress(OSError):
            text = file.read_text().strip()
            if text.isdecimal():  # "max" where there is no limit
                bounds.append(int(text))
    return min(bounds)


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device to compute on. `memory_bytes` is what it has in all, not what is free."""

    torch_device: torch.device
    dtype: torch.dtype
    memory_bytes: int
    description: str

    @classmethod
    def choose(cls, name: str, *, threads: int) -> Device:
        """`auto` takes CUDA, then MPS, then the CPU with so many threads.

        Raises GenerationFailed where the named device is not there.
        """
        if name not in DEVICES:
            raise GenerationFailed(f"device {name!r} is none of {', '.join(DEVICES)}")
        if name == "cuda" or (name == "auto" and torch.cuda.is_available()):
            return cls._cuda()
        if name == "mps" or (name == "auto" and torch.backends.mps.is_available()):
            return cls._mps()
        torch.set_num_threads(threads)
        return cls(
            torch_device=torch.device("cpu"),
            dtype=torch.float32,
            memory_bytes=main_memory_bytes(),
            description=f"cpu ({threads} threads of {os.cpu_count()})",
        )

    @classmethod
    def _cuda(cls) -> Device:
        if not torch.cuda.is_available():
            raise GenerationFailed("the settings ask for cuda, and torch sees no such device")
        properties = torch.cuda.get_device_properties(0)
        return cls(
            torch_device=torch.device("cuda", 0),
            dtype=torch.bfloat16,
            memory_bytes=properties.total_memory,
            description=f"{properties.name} ({properties.total_memory / 2**30:.0f} GiB)",
        )

    @classmethod
    def _mps(cls) -> Device:
        if not torch.backends.mps.is_available():
            raise GenerationFailed("the settings ask for mps, and torch sees no such device")
        return cls(
            torch_device=torch.device("mps"),
            dtype=torch.float32,
            memory_bytes=main_memory_bytes(),
            description="Apple GPU",
        )

    @property
    def is_cuda(self) -> bool:
        return self.torch_device.type == "cuda"

    def free_bytes(self) -> int:
        """Memory that nobody uses now."""
        if self.is_cuda:
            return torch.cuda.mem_get_info(self.torch_device)[0]
        return psutil.virtual_memory().available

    def memory_for(self, share: float) -> int:
        """Bytes that models may take: this share of all, on a GPU at most what is free now."""
        bytes_of_share = int(self.memory_bytes * share)
        return min(bytes_of_share, self.free_bytes()) if self.is_cuda else bytes_of_share

    def free_unused_memory(self) -> None:
        """Gives cached blocks back to the driver."""
        if self.is_cuda:
            torch.cuda.empty_cache()

    def begin_peak(self) -> int:
        """Starts to watch for the most memory that this process takes; gives what it takes now.

        Of the GPU what torch holds, else of main memory, in bytes. What is there without being
        used yet, such as weights that are mapped from their file, counts once it is used.
        """
        if self.is_cuda:
            torch.cuda.reset_peak_memory_stats(self.torch_device)
            return torch.cuda.memory_allocated(self.torch_device)
        with contextlib.suppress(OSError):
            CLEAR_REFS.write_text(RESET_PEAK)
        return psutil.Process().memory_info().rss

    def peak_bytes(self) -> int:
        """The most since `begin_peak`; where only Linux could tell, what is taken now."""
        if self.is_cuda:
            return torch.cuda.max_memory_allocated(self.torch_device)
        now = psutil.Process().memory_info().rss
        with contextlib.suppress(OSError):
            for line in PROCESS_STATUS.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return max(now, int(line.split()[1]) * 1024)
        return now

    @contextlib.contextmanager
    def telling_faults(self) -> Generator[None, None, None]:
        """Turns what torch raises for the machine's sake into OutOfMemory and DeviceFailed."""
        try:
            yield
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise OutOfMemory(str(error) or "memory is exhausted") from error
        except torch.AcceleratorError as error:
            raise DeviceFailed(str(error)) from error
        except RuntimeError as error:
            # The CPU allocator and older CUDA paths raise a bare RuntimeError.
            if "can't allocate memory" in str(error) or "not enough memory" in str(error):
                raise OutOfMemory(str(error)) from error
            if "CUDA error" in str(error):
                raise DeviceFailed(str(error)) from error
            raise
