"""Load, save and describe scorecards."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from trustscore.errors import ScorecardError
from trustscore.scorecard.build import parse_scorecard
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.model import Scorecard
from trustscore.scorecard.presets import find, scorecard_names
from trustscore.scorecard.spec import ScorecardFile


def load_scorecard(scorecard: str | Path | Scorecard = "default") -> Scorecard:
    """Load a preset by name, or a scorecard file by path.

    Parameters
    ----------
    scorecard : str, Path or Scorecard
        A preset (``default``, ``minimal``, ``olist``), a ``.toml`` or ``.json`` file, or a
        scorecard, which is returned as it is.

    Returns
    -------
    Scorecard
        Frozen.

    Raises
    ------
    ScorecardError
        When the file is absent, not TOML or JSON, or has faults: all of them are listed.

    Examples
    --------
    >>> card = load_scorecard("minimal")
    >>> [signal.id for signal in card.signals][:2]
    ['product_negative_review_rate', 'product_rating_mean']
    >>> card.signal("complaint_rate").higher_is_better
    False
    """
    if isinstance(scorecard, Scorecard):
        return scorecard
    try:
        path = find(scorecard, scorecard_names())
        raw = read_document(path)
    except OSError as error:
        raise ScorecardError(f"scorecard {scorecard}: {error.args[-1]}") from None
    return _load(raw, path.suffix == ".json", str(scorecard))


@lru_cache(maxsize=16)
def _load(raw: bytes, as_json: bool, source: str) -> Scorecard:
    data = parse_document(raw, f"scorecard {source}", as_json=as_json, error=ScorecardError)
    return parse_scorecard(data, source)


def scorecard_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file form, for editors.

    Examples
    --------
    >>> scorecard_schema()["title"]
    'trustscore scorecard'
    """
    schema = _bounded(ScorecardFile.model_json_schema())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "trustscore scorecard",
    }


_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def _bounded(schema: Any) -> Any:
    """Name the bounds of numbers as JSON Schema does; behind a validator pydantic does not."""
    if isinstance(schema, list):
        return [_bounded(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    names = _BOUNDS if schema.get("type") in ("number", "integer") else {}
    return {names.get(key, key): _bounded(part) for key, part in schema.items()}
