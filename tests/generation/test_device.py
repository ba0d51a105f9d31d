from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest
import torch

from generation.device import Device, main_memory_bytes
from generation.errors import DeviceFailed, GenerationFailed, OutOfMemory


def test_auto_finds_a_device_that_computes() -> None:
    device = Device.choose("auto", threads=1)
    assert torch.ones(2, device=device.torch_device).sum().item() == 2
    assert 0 < device.free_bytes() <= device.memory_bytes


def test_an_unheard_of_device_is_refused() -> None:
    with pytest.raises(GenerationFailed, match="tpu"):
        Device.choose("tpu", threads=1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(GenerationFailed, match="cuda"):
        Device.choose("cuda", threads=1)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (MemoryError(), OutOfMemory),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB"), OutOfMemory),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"), OutOfMemory),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), DeviceFailed),
        (torch.AcceleratorError("an illegal memory access"), DeviceFailed),
        (RuntimeError("shapes do not match"), RuntimeError),
    ],
)
def test_faults_of_the_machine_are_told_from_faults_of_the_job(
    raised: Exception, told: type[Exception]
) -> None:
    device = Device.choose("cpu", threads=1)
    with pytest.raises(Exception) as caught, device.telling_faults():  # noqa: PT011 (by type below)
        raise raised
    assert type(caught.value) is told


def test_a_real_allocation_that_cannot_succeed_is_out_of_memory() -> None:
    device = Device.choose("cpu", threads=1)
    with pytest.raises(OutOfMemory), device.telling_faults():
        torch.empty(2**55, dtype=torch.uint8)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process")
def test_memory_that_was_given_back_still_counts_for_the_peak_and_not_for_the_next() -> None:
    device = Device.choose("cpu", threads=1)
    taken_bytes = 300 * 2**20
    before = device.begin_peak()
    torch.ones(taken_bytes, dtype=torch.uint8)
    assert device.peak_bytes() - before > taken_bytes * 0.9
    again = device.begin_peak()
    assert device.peak_bytes() - again < taken_bytes * 0.5


@pytest.mark.parametrize(
    ("said", "limit_bytes"), [("max", None), ("9223372036854771712", None), ("1048576", 2**20)]
)
def test_a_container_s_limit_counts_as_all_the_memory_there_is(
    tmp_path: Path, said: str, limit_bytes: int | None
) -> None:
    (tmp_path / "memory.max").write_text(f"{said}\n")
    found = main_memory_bytes([tmp_path / "memory.max", tmp_path / "no such file"])
    assert found == (limit_bytes or psutil.virtual_memory().total)


def test_models_may_take_a_share_of_the_memory() -> None:
    device = Device.choose("cpu", threads=1)
    assert device.memory_for(0.25) == device.memory_bytes // 4
