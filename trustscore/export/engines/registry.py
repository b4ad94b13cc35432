"""The engines, and the files that each gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trustscore.errors import InputError
from trustscore.export.engines.elastic import elastic
from trustscore.export.engines.redis import redis
from trustscore.export.engines.rows import Boosts
from trustscore.export.engines.solr import solr
from trustscore.export.engines.sql import sql
from trustscore.export.engines.typesense_algolia import algolia, typesense
from trustscore.export.engines.vespa import vespa

__all__ = ["ENGINES", "engine_files"]

_WRITERS: dict[str, Callable[[Boosts], dict[str, Iterator[str]]]] = {
    "elasticsearch": elastic,
    "opensearch": elastic,
    "solr": solr,
    "vespa": vespa,
    "typesense": typesense,
    "algolia": algolia,
    "sql": sql,
    "redis": lambda boosts: {"": redis(boosts)},
}
ENGINES = tuple(_WRITERS)
_ONLY_MULTIPLY = ("elasticsearch", "opensearch", "solr", "vespa")


def engine_files(engine: str, boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files of an engine, each as an iterator of text.

    Parameters
    ----------
    engine : str
        One of `ENGINES`.
    boosts : Boosts

    Returns
    -------
    dict of str to iterator of str
        Files by name; a blank name stands for the output file itself.

    Raises
    ------
    InputError
        When the engine cannot do what the policy says.

    Examples
    --------
    >>> from trustscore.boost import BoostPolicy
    >>> scores = {
    ...     "merchant_id": ["a"],
    ...     "trust_index": [90.0],
    ...     "index_se": [3.0],
    ...     "prior_index": [71.0],
    ...     "coverage": [0.9],
    ... }
    >>> list(engine_files("solr", Boosts.of(scores, BoostPolicy.load())))
    ['schema.json', 'merchants.json', 'query.json']
    """
    if engine in _ONLY_MULTIPLY and boosts.policy.form != "multiplicative":
        raise InputError(
            f"{engine} multiplies a score by a boost; the policy's form is"
            f" {boosts.policy.form!r}: set form = 'multiplicative', or export sql, parquet or npz"
        )
    return _WRITERS[engine](boosts)
