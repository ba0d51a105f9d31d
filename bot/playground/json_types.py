"""The one name that stands for a JSON object in the playground's signatures."""

from typing import Any

JsonObject = dict[str, Any]
