"""The engines that take boosts.

This is the one list. It names the function that writes for an engine instead of importing it, so
that a command can offer the engines without loading any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from trustscore.errors import InputError
from trustscore.export.engines.limits import anything, at_most_bytes, sql_text, xml_text
from trustscore.scorecard.registry import Registry

if TYPE_CHECKING:
    from trustscore.export.engines.rows import Boosts

__all__ = ["ENGINES", "TARGETS", "Engine", "engine_files"]


@dataclass(frozen=True)
class Engine:
    """One engine, or one form of table, that takes boosts.

    Attributes
    ----------
    name : str
        What ``--to`` calls it.
    title : str
        What people call it.
    write : str
        ``module:function`` below `trustscore.export.engines`: from `Boosts` to the texts of its
        files by name, or to one text where `one_file`. Blank for a table of boosts, which is no
        text.
    multiplies : bool
        Whether it multiplies a relevance by the boost, and so needs a multiplicative policy.
    one_file : bool
        Whether it takes one file; the others take a folder.
    fault : callable
        What is wrong with an id or a tier that it cannot hold; blank for one that it can.
    """

    name: str
    title: str
    write: str = ""
    multiplies: bool = False
    one_file: bool = False
    fault: Callable[[str], str] = anything

    def files(self, boosts: Boosts) -> dict[str, Iterator[str]]:
        """Return its files, each as an iterator of text; a blank name is the only file."""
        module, _, function = self.write.partition(":")
        write: Any = getattr(import_module(f"trustscore.export.engines.{module}"), function)
        return {"": write(boosts)} if self.one_file else write(boosts)


# The longest _id in bytes; the longest term of Lucene; a record of 10 kB in the smallest plan of
# Algolia, with what stands beside the id.
_ELASTIC, _LUCENE, _ALGOLIA = map(at_most_bytes, (512, 32_766, 9_000))
TARGETS: Registry[Engine] = Registry(
    "engine",
    [
        Engine(
            "elasticsearch", "Elasticsearch", "elastic:elastic", multiplies=True, fault=_ELASTIC
        ),
        Engine("opensearch", "OpenSearch", "elastic:elastic", multiplies=True, fault=_ELASTIC),
        Engine("solr", "Solr", "solr:solr", multiplies=True, fault=_LUCENE),
        Engine("vespa", "Vespa", "vespa:vespa", multiplies=True, fault=xml_text),
        Engine("typesense", "Typesense", "typesense_algolia:typesense"),
        Engine("algolia", "Algolia", "typesense_algolia:algolia", fault=_ALGOLIA),
        Engine("sql", "SQL databases", "sql:sql", fault=sql_text),
        Engine("redis", "Redis", "redis:redis", one_file=True),
        Engine("parquet", "Parquet", one_file=True),
        Engine("npz", "a mapped table of the library", one_file=True),
    ],
    InputError,
)
"""Everything that boosts are exported to."""
ENGINES: Registry[Engine] = Registry(
    "engine", [engine for engine in TARGETS.values() if engine.write], InputError
)
"""The engines that take texts."""


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
        When the engine is unknown, or cannot do what the policy says.

    Examples
    --------
    >>> from trustscore.boost import BoostPolicy
    >>> from trustscore.export.engines import Boosts
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
    chosen = ENGINES[engine]
    if chosen.multiplies and boosts.policy.form != "multiplicative":
        raise InputError(
            f"{engine} multiplies a score by a boost; the policy's form is"
            f" {boosts.policy.form!r}: set form = 'multiplicative', or export sql, parquet or npz"
        )
    return chosen.files(boosts)
