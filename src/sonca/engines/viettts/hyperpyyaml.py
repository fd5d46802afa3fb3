"""HyperPyYAML read as data.

Upstream executes the file: `!new:` builds the class it names and `!apply:` calls the function.
Here every such tag is only a label on plain data; nothing is imported, built or called, and a
`!!python` tag is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sonca.errors import EngineError

_REF = re.compile(r"^\s*<([^<>]+)>\s*$")


@dataclass(frozen=True, slots=True)
class _Ref:
    key: str


def load_hyperpyyaml(text: str) -> dict[str, Any]:
    """Reads YAML with every `!tag` turned into the data under it, and `!ref <key>` resolved."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Plain data only."""

    def data(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        if suffix == "ref" and (match := _REF.match(str(node.value))):
            return _Ref(match[1])
        return node.value

    Loader.add_multi_constructor("!", data)
    try:
        document = yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise EngineError(f"config.yaml cannot be read as plain data: {error}") from error
    if not isinstance(document, dict):
        raise EngineError("config.yaml is not a mapping: not a VietTTS model folder")
    return {key: _resolve(value, document, 0) for key, value in document.items()}


def _resolve(value: Any, top: Mapping[str, Any], depth: int) -> Any:
    if depth > 32:
        raise EngineError("config.yaml nests or refers too deeply")
    if isinstance(value, _Ref):
        if value.key not in top:
            raise EngineError(f"config.yaml refers to <{value.key}>, which it does not define")
        return _resolve(top[value.key], top, depth + 1)
    if isinstance(value, dict):
        return {key: _resolve(item, top, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, top, depth + 1) for item in value]
    return value
