"""The workbench without its server: a market, a scorecard, and what changes of it do."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from trustscore.audit.coherence import coherence
from trustscore.audit.market import Market as AuditMarket
from trustscore.compare.scorecards import differences
from trustscore.errors import InputError, ScorecardError
from trustscore.explain import Statement, explain, waterfall
from trustscore.explain.make_statement import one_row
from trustscore.scorecard import Scorecard
from trustscore.scorecard.build import parse_scorecard
from trustscore.scorecard.documents import parse_document
from trustscore.web import saving
from trustscore.web.knobs import changed, knobs
from trustscore.web.market import Market, Superseded, movement
from trustscore.web.words import names_of
from trustscore.words import LANGUAGES, named, text

__all__ = ["Bench"]

_SHOWN_IN_STATEMENT = (
    "trust_index",
    "trust_index_lower",
    "trust_index_upper",
    "raw_index",
    "coverage",
    "status",
    "tier",
    "veto",
)


class Bench:
    """A market under a scorecard whose figures can be moved.

    Parameters
    ----------
    market : Market
    raw : bytes
        The scorecard's document.
    as_json : bool
        Whether it is JSON rather than TOML; it is saved as TOML.
    folder : Path
        The only folder that scorecards are saved in.
    """

    def __init__(self, market: Market, raw: bytes, *, as_json: bool, folder: Path) -> None:
        self.market = market
        self.folder = folder.resolve()
        self.data = parse_document(raw, "scorecard", as_json=as_json, error=ScorecardError)
        self.card = parse_scorecard(self.data, "of the workbench")
        self.text = tomlkit.dumps(self.data) if as_json else raw.decode("utf-8-sig")
        self.knobs = {knob.address: knob for knob in knobs(self.card, self.data)}
        self.base = market.scored(self.card)
        self._latest = 0
        self._whole = threading.Lock()
        self._saving = threading.Lock()
        self._findings: dict[str, list[tuple[str, str, str]]] = {}

    def facts(self) -> dict[str, Any]:
        """Return what a page needs to begin."""
        card = self.card
        version = saving.next_version(card.version)
        return {
            "scorecard": {"name": card.name, "version": card.version, "stamp": card.stamp},
            "dimensions": [
                {"id": d.id, "names": names_of(d), "parent": d.parent} for d in card.dimensions
            ],
            "knobs": [knob.as_dict() for knob in self.knobs.values()],
            "merchants": self.market.size,
            "sample": 0 if self.market.rows is None else len(self.market.rows),
            "example": str(self.market.ids[0]),
            "folder": str(self.folder),
            "version": version,
            "file": saving.suggested_name(card.name, version),
        }

    def moved_card(self, edits: Mapping[str, float], version: str | None = None) -> Scorecard:
        """Return the scorecard with other figures, validated as a file would be.

        Raises
        ------
        ScorecardError
            With every fault.
        """
        real = {k: v for k, v in edits.items() if k not in self.knobs or v != self.knobs[k].value}
        if not real and version is None:
            return self.card
        data = changed(self.data, real, self.knobs)
        if version is not None:
            data["version"] = version
        return parse_scorecard(data, "of the workbench")

    def move(self, edits: Mapping[str, float], serial: int, *, whole: bool) -> dict[str, Any]:
        """Return how the market moves under other figures.

        Parameters
        ----------
        edits : mapping of str to float
            Address of a knob to its new figure.
        serial : int
            Counts up with each change. A whole market is given up when a later one comes.
        whole : bool
            Score everybody, not the sample.

        Raises
        ------
        Superseded
            When a later change came.
        ScorecardError
            When the figures make no scorecard.
        """
        self._latest = max(self._latest, serial)
        card = self.moved_card(edits)
        market = self.market
        if not whole and market.rows is not None:
            return movement(market, self.base, market.scored_sample(card), card, whole=False)
        with self._whole:
            after = self.base
            if card is not self.card:
                after = market.scored(card, lambda: self._latest <= serial)
            if self._latest > serial:
                raise Superseded
            return movement(market, self.base, after, card, whole=True)

    def merchant(self, merchant_id: str, edits: Mapping[str, float], lang: str) -> dict[str, Any]:
        """Return the statement of a merchant before and after.

        Raises
        ------
        InputError
            When there is no such merchant.
        """
        row = self.market.find(merchant_id)
        if row is None:
            near = self.market.near(merchant_id) if merchant_id else []
            raise InputError(
                f"no merchant {merchant_id[:100]!r} among those that could be scored",
                [f"did you mean {name!r}?" for name in near],
            )
        part = int(self.market.starts.searchsorted(row, side="right")) - 1
        single = one_row(self.market.parts[part], row - int(self.market.starts[part]))
        settings: Any = {"missing": self.market.missing, "as_of": self.market.as_of}
        before = explain(single, self.card, **settings)
        after = explain(single, self.moved_card(edits), **settings)
        return {
            "id": merchant_id,
            "before": _told(before, lang),
            "after": _told(after, lang),
        }

    def audit(self, edits: Mapping[str, float]) -> dict[str, Any]:
        """Return the findings on how signals hang together that come or go, by the sample."""
        before, after = self._coherence(self.card), self._coherence(self.moved_card(edits))
        return {
            "merchants": min(self.market.size, self.market.sample_size),
            "come": [each for each in after if each not in before],
            "gone": [each for each in before if each not in after],
            "same": len([each for each in after if each in before]),
        }

    def _coherence(self, card: Scorecard) -> list[tuple[str, str, str]]:
        known = self._findings.get(card.sha256)
        if known is None:
            block = self.market.sample
            if block is None:
                block = self.market.taken(np.arange(self.market.size))
            section = coherence(AuditMarket(block, card, self.market.missing))
            known = [(each.level, each.code, each.text) for each in section.findings]
            if len(self._findings) > 8:
                self._findings.clear()
            self._findings[card.sha256] = known
        return known

    def preview(self, edits: Mapping[str, float], name: str, version: str) -> dict[str, Any]:
        """Return what `save` would write, and nothing is written.

        Raises
        ------
        InputError, ScorecardError
            When it could not be saved.
        """
        path = saving.target(self.folder, name)
        text, card = self._text(edits, version)
        return {
            "name": name,
            "diff": saving.diff_of(self.text, text, name),
            "words": [
                {lang: each.told(lang) for lang in LANGUAGES}
                for each in differences(self.card, card)
            ],
            "replaces": saving.existing(path),
            "stamp": card.stamp,
        }

    def save(
        self, edits: Mapping[str, float], name: str, version: str, replaces: str
    ) -> dict[str, Any]:
        """Write the scorecard; over an existing file only if `replaces` is what `preview` said.

        Raises
        ------
        InputError, ScorecardError
            When nothing was written.
        """
        path = saving.target(self.folder, name)
        text, card = self._text(edits, version)
        with self._saving:
            saving.write(path, text, replaces)
        return {"path": str(path), "stamp": card.stamp}

    def _text(self, edits: Mapping[str, float], version: str) -> tuple[str, Scorecard]:
        shown = self.moved_card(edits, version)
        real = {k: v for k, v in edits.items() if v != self.knobs[k].value}
        text = saving.edited(self.text, real, version)
        data = parse_document(text.encode(), "scorecard", as_json=False, error=ScorecardError)
        card = parse_scorecard(data, "of the workbench")
        saving.same_scores(card, shown)
        return text, card


def _told(statement: Statement, lang: str) -> dict[str, Any]:
    bars = [
        {"id": b.id, "name": b.name, "kind": b.kind, "before": b.before, "after": b.after}
        for b in waterfall(statement, lang, most=12)
    ]
    return {name: getattr(statement, name) for name in _SHOWN_IN_STATEMENT} | {
        "tier_name": named(statement, lang, "tier"),
        "status_name": text(statement.status, lang),
        "bars": bars,
    }
