"""What a shell offers when Tab is pressed: presets, tiers and ids; files and words click knows.

Nothing here may take long or fail: of an export only its first block is read, and whatever goes
wrong offers nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeAlias

import click
from click.shell_completion import CompletionItem

__all__ = ["complete_id", "complete_tier", "preset_or_file"]

# Ids offered, and bytes of text and of Parquet that are looked at for them.
MOST_IDS = 50
_BLOCK = 1 << 18
_MOST_PARQUET = 20_000_000

# What is offered lands on the command line without quotes: an id such as $(reboot) would be run.
_INERT = re.compile(r"\w[\w.:@/+,%-]*")

Offers: TypeAlias = "list[CompletionItem]"
Complete: TypeAlias = Callable[[click.Context, click.Parameter, str], Offers]


def preset_or_file(kind: str) -> Complete:
    """Return what completes the name of a preset of a kind, or a file."""

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> Offers:
        from trustscore.scorecard.presets import preset_kind, preset_names

        names = [name for name in preset_names() if preset_kind(name) == kind]
        offers = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return [*offers, CompletionItem(incomplete, type="file")]

    return complete


def complete_tier(context: click.Context, _: click.Parameter, incomplete: str) -> Offers:
    """Complete the id of a tier of the scorecard that stands on the command line."""
    from trustscore.errors import TrustscoreError
    from trustscore.scorecard import load_scorecard

    try:
        ladder = load_scorecard(context.params.get("scorecard") or "default").tiers.ladder
    except (TrustscoreError, OSError, ValueError):
        return []
    return [
        CompletionItem(tier.id, help=_plain(tier.en))
        for tier in ladder
        if tier.id.startswith(incomplete)
    ]


def complete_id(context: click.Context, _: click.Parameter, incomplete: str) -> Offers:
    """Complete the id of a merchant by the first rows of the export on the command line."""
    # Before an option whose value is still to come click has not told arguments apart.
    given = [context.params.get("export"), *context.args]
    export = next((each for each in given if isinstance(each, str) and os.path.isfile(each)), None)
    if export is None:
        return []
    try:
        ids = _first_ids(export, context.params.get("scorecard"), context.params.get("encoding"))
    except Exception:
        return []
    fit = [name for name in ids if name.startswith(incomplete) and _INERT.fullmatch(name)]
    return [CompletionItem(name) for name in fit[:MOST_IDS]]


def _first_ids(export: str, scorecard: Any, encoding: Any) -> Sequence[str]:
    from trustscore.io.header import Wanted
    from trustscore.io.inputs import Inputs, read_part
    from trustscore.scorecard import load_scorecard

    parquet = export.lower().endswith(".parquet")
    if parquet and os.path.getsize(export) > _MOST_PARQUET:
        # Its bytes are hashed as a whole before the first row is read.
        return []
    wanted = replace(
        Wanted.by(load_scorecard(scorecard or "default")), fields=(), pairs=(), cure=""
    )
    parts = Inputs([export], wanted, encoding=encoding, block=_BLOCK).parts()
    try:
        # The second holds the last line of a short file, where nothing ends it.
        return [name for part in islice(parts, 2) for name in read_part(part).ids.to_pylist()]
    finally:
        parts.close()  # type: ignore[attr-defined]


def _plain(text: str) -> str | None:
    return text if text and text.isprintable() else None
