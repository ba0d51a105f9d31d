"""Every request of a bot and every answer of the playground against Discord's own OpenAPI.

`playground.exchanges = validate_exchange` watches a whole test; what breaks the contract is
raised when the playground is left. The description is read from `DISCORD_OPENAPI`, or from
`../shared/discord/openapi.json` beside the project.
"""

# pyright: reportMissingTypeStubs=false
import json
import os
from functools import cache
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from bot.playground.exchange import Exchange

ROOT = Path(__file__).parents[3]
DESCRIPTION = Path(
    os.environ.get("DISCORD_OPENAPI", ROOT.parent / "shared" / "discord" / "openapi.json")
)
URI = "urn:discord-openapi"
DIGITS = {"type": "string", "pattern": "^-?[0-9]+$"}
Json = dict[str, Any]


class ContractViolation(AssertionError):
    """A request or an answer that the official description does not allow."""


def contract_available() -> bool:
    """Whether the official description is on this machine."""
    return DESCRIPTION.is_file()


def validate_exchange(exchange: Exchange) -> None:
    """Raises ContractViolation, saying where and why.

    The body of a request that was refused with 400 or 413 is not checked: being wrong is
    its point. Without the description nothing is checked; the skipped tests of
    `test_openapi_contract.py` say so.
    """
    if not contract_available():
        return
    operation = _operation(exchange.method, exchange.path_template)
    name = f"{exchange.method} {exchange.path_template}"
    if operation is None:
        raise ContractViolation(f"{name} is not an operation of the API")
    pointer = _pointer("paths", exchange.path_template, exchange.method.lower())
    if exchange.status not in (400, 413) and exchange.request_json is not None:
        schema = f"{pointer}/requestBody/content/application~1json/schema"
        if "requestBody" not in operation:
            raise ContractViolation(f"{name} takes no body, got {exchange.request_json}")
        _check(f"request of {name}", schema, exchange.request_json)
    if exchange.injected:
        return
    status = str(exchange.status)
    responses = cast(Json, operation["responses"])
    if status not in responses:
        status = f"{status[0]}XX"
    if status not in responses:
        raise ContractViolation(f"{name} never answers {exchange.status}")
    where = f"answer {exchange.status} of {name}"
    content = _content(responses[status])
    if content is None:
        if exchange.response_json is not None:
            raise ContractViolation(f"{where} must have no body")
        return
    reference = cast(str | None, responses[status].get("$ref"))
    start = reference.removeprefix("#") if reference else f"{pointer}/responses/{status}"
    _check(where, f"{start}/content/application~1json/schema", exchange.response_json)


def _check(where: str, pointer: str, value: Any) -> None:
    errors = [
        f"{'/'.join(str(step) for step in error.absolute_path) or '(root)'}: {error.message[:300]}"
        for error in _validator(pointer).iter_errors(value)
    ]
    if errors:
        raise ContractViolation(f"{where}: {'; '.join(errors)}\n{json.dumps(value)[:2000]}")


@cache
def _validator(pointer: str) -> Any:
    return Draft202012Validator({"$ref": f"{URI}#{pointer}"}, registry=_registry())


@cache
def _registry() -> Any:
    resource: Any = cast(Any, DRAFT202012).create_resource(_description())
    return cast(Any, Registry)().with_resource(URI, resource).crawl()


def _operation(method: str, template: str) -> Json | None:
    return _description()["paths"].get(template, {}).get(method.lower())


def _content(response: Json) -> Json | None:
    reference = response.get("$ref")
    if reference:
        response = _description()["components"]["responses"][reference.rsplit("/", 1)[1]]
    return response.get("content")


def _pointer(*steps: str) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


@cache
def _description() -> Json:
    """The description, with the four places mended in which right payloads would fail."""
    description = cast(Json, json.loads(DESCRIPTION.read_text(encoding="utf-8")))
    schemas = description["components"]["schemas"]
    # 1. Clients send `attachments: [{"id": 0}]`.
    schemas["SnowflakeType"] = {"anyOf": [schemas["SnowflakeType"], {"type": "integer"}]}
    # 2. The codes inside `errors` are words such as BASE_TYPE_REQUIRED.
    inner: Json = {"type": "object", "required": ["code", "message"]}
    inner["properties"] = {"code": {"type": ["string", "integer"]}, "message": {"type": "string"}}
    schemas["InnerErrors"]["properties"]["_errors"]["items"] = inner
    # 3. Commands may say nsfw.
    schemas["ApplicationCommandCreateRequest"]["properties"]["nsfw"] = {"type": ["boolean", "null"]}
    # 4. Numbers that may exceed 2^31 may also be written as strings of digits.
    return cast(Json, _with_digit_strings(description))


def _with_digit_strings(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_digit_strings(item) for item in cast(list[Any], node)]
    if not isinstance(node, dict):
        return node
    schema = {key: _with_digit_strings(value) for key, value in cast(Json, node).items()}
    alternatives = cast(list[Json], schema.get("oneOf") or [])
    if any(one.get("type") == "string" for one in alternatives):
        # Such a union takes strings already; digits may fit only one of its members.
        schema["oneOf"] = cast(Json, node)["oneOf"]
    kind = schema.get("type")
    is_integer = kind == "integer" or (isinstance(kind, list) and "integer" in kind)
    maximum = schema.get("maximum")
    if is_integer and isinstance(maximum, int) and maximum > 2**31:
        return {"anyOf": [schema, DIGITS]}
    return schema
