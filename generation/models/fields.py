"""The kinds of values that the catalogue's tables are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

STRICT = ConfigDict(extra="forbid")
"""A key that nobody knows is an error: it would be a misspelt one."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Guidance = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Options = Mapping[str, str | int | float | bool]
