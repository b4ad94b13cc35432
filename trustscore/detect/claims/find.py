"""Claims in what hosts say, shops write and titles promise: for people to look at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from trustscore.detect.claims.prices import list_prices, spoken_prices
from trustscore.detect.claims.rewards import rewarded
from trustscore.detect.claims.settings import ClaimsSpec
from trustscore.detect.copies import make_copies
from trustscore.detect.findings import Cut, Finding, Found, Logs, Place
from trustscore.detect.room import Room
from trustscore.detect.settings import DetectSettings
from trustscore.lexicon import Hit, read_hits

__all__ = ["find_claims", "score_of"]

# What each log says about what, and by whom: NULL is the host or the shop itself.
_SAID = {
    "transcripts": (
        "live_session",
        "SELECT t.merchant_id, t.session_id, t.text_hits, t._file, t._line, t.at,"
        " COALESCE(s.viewers, 0) FROM transcripts AS t LEFT JOIN (SELECT merchant_id, session_id,"
        " max(viewers) AS viewers FROM live_sessions GROUP BY ALL) AS s"
        " ON s.merchant_id = t.merchant_id AND s.session_id = t.session_id"
        " WHERE t.text_hits <> '' AND t.at >= {start}"
        " AND (t.speaker IS NULL OR t.speaker IN ({speakers}))"
        " ORDER BY t.merchant_id, t.session_id, t.at, t._file, t._line",
    ),
    "chat_messages": (
        "chat",
        "SELECT merchant_id, chat_id, text_hits, _file, _line, sent_at, 0 FROM chat_messages"
        " WHERE text_hits <> '' AND sent_at >= {start} AND sender IN ({senders})"
        " ORDER BY merchant_id, chat_id, sent_at, _file, _line",
    ),
    "listings": (
        "listing",
        "SELECT merchant_id, item_id, title_hits, _file, _line, submitted_at, 0 FROM listings"
        " WHERE title_hits <> '' AND submitted_at >= {start}"
        " ORDER BY merchant_id, item_id, submitted_at, _file, _line",
    ),
}
# Topics of the log `findings` where they are called otherwise.
_TOPICS = {("chat", "abuse"): "chat_abuse", ("chat", "incentive"): "incentivised"}


@dataclass
class _Said:
    """What was said about one thing."""

    counts: Counter[str] = field(default_factory=Counter)
    severity: int = 0
    place: Place | None = None
    viewers: int = 0

    def add(self, hit: Hit, place: Place, viewers: int) -> None:
        self.counts[hit.entry] += 1
        self.viewers = max(self.viewers, viewers)
        if hit.severity > self.severity:
            self.severity, self.place = hit.severity, place


def score_of(severity: int, times: int, spec: ClaimsSpec) -> float:
    """Return the score of words: by how grave they are, and how often they were said.

    Examples
    --------
    >>> from trustscore.detect.settings import load_settings
    >>> spec = load_settings().claims
    >>> [round(score_of(2, times, spec), 2) for times in (1, 2, 4, 1000)]
    [0.5, 0.6, 0.7, 0.9]
    """
    once = spec.severity[severity - 1]
    return min(once * (1 + spec.repetition * math.log2(times)), spec.most)


def find_claims(logs: Logs, settings: DetectSettings, cut: Cut) -> Found:
    """Return what broadcasts, chats, titles and reviews say that people should look at.

    Parameters
    ----------
    logs : Logs
    settings : DetectSettings
    cut : Cut
    """
    spec = settings.claims
    start = cut.back(spec.days)
    facts: dict[str, object] = {}
    found: dict[tuple[str, str, str, str], Finding] = {}
    how: Counter[str] = Counter()
    with Room(logs, cut) as room:
        for table, (kind, sql) in _SAID.items():
            filled = sql.format(
                start=start, speakers=_listed(spec.speakers), senders=_listed(spec.senders)
            )
            _keep(found, _of_words(room.rows(filled), table, kind, spec, how))
        _keep(found, spoken_prices(room, spec, start, facts))
        _keep(found, list_prices(room, spec, start, facts))
        make_copies(room, "claims_copies", settings.reviews, logs)
        _keep(found, rewarded(room, spec, start, "claims_copies"))
    facts["hits"] = {name: how[name] for name in ("said", "negated", "quoted")}
    return Found(list(found.values()), facts, since=start)


def _listed(words: Iterable[str]) -> str:
    # The words are of the registry.
    return ", ".join(f"'{word}'" for word in words) or "NULL"


def _keep(found: dict[tuple[str, str, str, str], Finding], more: Iterable[Finding]) -> None:
    """Keep the surest finding on each thing, with the evidence of both."""
    for finding in more:
        old = found.get(finding.key)
        if old is None:
            found[finding.key] = finding
            continue
        first, second = (old, finding) if old.score >= finding.score else (finding, old)
        found[finding.key] = Finding(
            *first.key,
            first.score,
            f"{first.evidence} {second.evidence}",
            place=first.place or second.place,
            rank=max(first.rank or 0.0, second.rank or 0.0),
        )


def _of_words(
    rows: Iterable[tuple[object, ...]],
    table: str,
    kind: str,
    spec: ClaimsSpec,
    how: Counter[str],
) -> Iterator[Finding]:
    said: dict[tuple[str, str, str], _Said] = {}
    for merchant, subject, hits, file, line, _, viewers in rows:
        for hit in read_hits(str(hits)):
            # Counterfeits have a detector of their own, which knows the brands.
            if hit.topic == "counterfeit":
                continue
            how[hit.how] += 1
            # A former price may be true: it is compared with what was paid.
            if hit.how != "said" or (hit.entry == "was_price" or hit.value):
                continue
            topic = _TOPICS.get((kind, hit.topic), hit.topic)
            place = Place(table, int(str(file)), int(str(line)), hit)
            one = said.setdefault((str(merchant), str(subject), topic), _Said())
            one.add(hit, place, int(str(viewers)))
    for (merchant, subject, topic), one in sorted(said.items()):
        score = score_of(one.severity, one.counts.total(), spec)
        if score < spec.report:
            continue
        evidence = " ".join(f"{name}:{count}" for name, count in sorted(one.counts.items()))
        rank = float(one.severity * (1 + one.viewers))
        yield Finding(merchant, kind, subject, topic, score, evidence, place=one.place, rank=rank)
