"""Broadcasts that exaggerated, as their viewers voted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustscore.detect.crowd import dawid_skene
from trustscore.detect.findings import Cut, Finding, Found, Relations, verdicts
from trustscore.detect.settings import DetectSettings, VotesSpec
from trustscore.typing import BoolArray, FloatArray, IntArray

__all__ = ["find_crowd_false"]

_YES = 1_000_000
_MOST_LISTED = 100
# The last answer of each viewer to each broadcast. A number that is neither yes nor no is none.
_ANSWERS = """
CREATE TEMP TABLE votes_answers AS
SELECT v.merchant_id, v.session_id, v.voter_id, v.voted_at, v.answer, v.device_id,
    CASE WHEN v.ip IS NULL THEN 'v' || v.voter_id ELSE 'n' || v.ip END AS network,
    COALESCE(s.host_id, v.merchant_id) AS host_id
FROM (
    SELECT *, ROW_NUMBER() OVER (
        PARTITION BY merchant_id, session_id, voter_id ORDER BY voted_at DESC) AS n
    FROM live_votes
    WHERE question = 'exaggerated' AND answer IN (0, 1000000) AND voted_at >= ?
) AS v
LEFT JOIN (
    SELECT merchant_id, session_id, MAX(host_id) AS host_id FROM live_sessions
    GROUP BY merchant_id, session_id
) AS s ON s.merchant_id = v.merchant_id AND s.session_id = v.session_id
WHERE v.n = 1
"""
# Viewers who vote or buy with a device, payout account or address of a merchant or host.
_OWN = """
CREATE TEMP TABLE votes_own AS
SELECT a.voter_id, i.merchant_id FROM votes_answers AS a
JOIN identities AS i ON i.kind = 'device' AND i.value = a.device_id
UNION
SELECT o.buyer_id, i.merchant_id FROM orders AS o
JOIN identities AS i ON (i.kind = 'device' AND i.value = o.device_id)
WHERE o.buyer_id IN (SELECT voter_id FROM votes_answers)
UNION
SELECT o.buyer_id, i.merchant_id FROM orders AS o
JOIN identities AS i ON (i.kind = 'pay_account' AND i.value = o.pay_account_id)
WHERE o.buyer_id IN (SELECT voter_id FROM votes_answers)
UNION
SELECT o.buyer_id, i.merchant_id FROM orders AS o
JOIN identities AS i ON (i.kind = 'address' AND i.value = o.address_id)
WHERE o.buyer_id IN (SELECT voter_id FROM votes_answers)
"""
_FOREIGN = """
CREATE TEMP TABLE votes_foreign AS
SELECT a.* FROM votes_answers AS a
WHERE NOT EXISTS (
    SELECT 1 FROM votes_own AS o WHERE o.voter_id = a.voter_id
    AND (o.merchant_id = a.merchant_id OR o.merchant_id = a.host_id))
"""
_ADMITTED = """
CREATE TEMP TABLE votes_admitted AS
SELECT merchant_id, session_id, voter_id, voted_at, answer, network, host_id FROM (
    SELECT *, ROW_NUMBER() OVER (
        PARTITION BY merchant_id, session_id, COALESCE('d' || device_id, 'v' || voter_id)
        ORDER BY voted_at DESC, voter_id DESC) AS n
    FROM votes_foreign
) WHERE n = 1
"""
_FANS = """
CREATE TEMP TABLE votes_fans AS
SELECT voter_id, host_id FROM (
    SELECT voter_id, host_id, COUNT(*) AS here,
        SUM(COUNT(*)) OVER (PARTITION BY voter_id) AS everywhere
    FROM (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY voter_id ORDER BY voted_at DESC, merchant_id, session_id) AS n
        FROM votes_admitted
    ) WHERE n <= ? GROUP BY voter_id, host_id
) WHERE everywhere >= ? AND here > ? * everywhere
"""
_SESSIONS = """
CREATE TEMP TABLE votes_sessions AS
SELECT merchant_id, session_id,
    ROW_NUMBER() OVER (ORDER BY merchant_id, session_id) - 1 AS session
FROM votes_admitted GROUP BY merchant_id, session_id
"""
# In one order: sums of floating numbers depend on it.
_NUMBERED = """
SELECT s.session, DENSE_RANK() OVER (ORDER BY a.voter_id) - 1 AS voter,
    CASE WHEN a.answer = 0 THEN 0 ELSE 1 END AS label,
    DENSE_RANK() OVER (ORDER BY a.merchant_id, a.session_id, a.network) - 1 AS network,
    CASE WHEN f.voter_id IS NULL THEN 0 ELSE 1 END AS fan
FROM votes_admitted AS a
JOIN votes_sessions AS s ON s.merchant_id = a.merchant_id AND s.session_id = a.session_id
LEFT JOIN votes_fans AS f ON f.voter_id = a.voter_id AND f.host_id = a.host_id
ORDER BY session, voter
"""


class _Votes(NamedTuple):
    """Admitted votes, one entry each."""

    session: IntArray
    voter: IntArray
    label: IntArray
    network: IntArray
    fan: IntArray

    def only(self, stay: BoolArray) -> _Votes:
        return _Votes(*(column[stay] for column in self))

    def weights(self, settings: VotesSpec) -> FloatArray:
        """Return what each vote weighs: those of one network in a broadcast are one together."""
        there = np.bincount(self.network)[self.network]
        fan = np.where(self.fan == 1, settings.fan_weight, 1.0)
        new = np.where(self.newcomers(settings), settings.newcomer_weight, 1.0)
        return fan * new / there

    def newcomers(self, settings: VotesSpec) -> BoolArray:
        """Return whether the voter of each vote has hardly voted."""
        new: BoolArray = np.bincount(self.voter)[self.voter] < settings.newcomer_votes
        return new


def find_crowd_false(relations: Relations, settings: DetectSettings, cut: Cut) -> Found:
    """Return broadcasts that their viewers probably found exaggerated.

    Parameters
    ----------
    relations : Relations
    settings : DetectSettings
    cut : Cut
    """
    spec = settings.votes
    begin = cut.back(spec.window_days)
    odd = relations.rows(
        "SELECT COUNT(*) FROM live_votes WHERE question = 'exaggerated'"
        f" AND answer NOT IN (0, {_YES}) AND voted_at >= ?",
        [begin],
    )[0][0]
    relations.run(_ANSWERS, [begin])
    for statement in (_OWN, _FOREIGN, _ADMITTED):
        relations.run(statement)
    relations.run(_FANS, [spec.fan_votes, spec.fan_least_votes, spec.fan_share])
    relations.run(_SESSIONS)
    [(answers, foreign, admitted)] = relations.rows(
        "SELECT (SELECT COUNT(*) FROM votes_answers), (SELECT COUNT(*) FROM votes_foreign),"
        " (SELECT COUNT(*) FROM votes_admitted)"
    )
    sessions = relations.rows("SELECT merchant_id, session_id FROM votes_sessions ORDER BY session")
    columns = relations.columns(_NUMBERED)
    votes = _Votes(*(columns[name].astype(np.int64) for name in _Votes._fields))
    gold = _gold(relations, sessions)
    worse = _worse_than_chance(votes, gold, spec)
    dropped = np.flatnonzero(worse)
    findings, rounds, crowds = _judge(votes.only(~worse[votes.voter]), sessions, gold, spec)
    facts = {
        "answers": int(answers),
        "neither_yes_nor_no": int(odd),
        "own_votes": int(answers - foreign),
        "same_device": int(foreign - admitted),
        "votes_of_fans": int(votes.fan.sum()),
        "sessions": len(sessions),
        "sessions_with_a_crowd": crowds,
        "sessions_judged_by_people": int((gold >= 0).sum()),
        "voters_worse_than_chance": _names(relations, dropped),
        "voters_worse_than_chance_count": len(dropped),
        "rounds": rounds,
    }
    warnings = []
    if rounds == spec.rounds:
        warnings.append(f"votes: no end after {rounds} rounds; raise votes.rounds")
    return Found(findings, facts, warnings, since=begin)


def _gold(relations: Relations, sessions: list[tuple[Any, ...]]) -> IntArray:
    """Return what people decided on each broadcast: 1 false, 0 honest, -1 nothing."""
    known = verdicts(relations, "crowd_false", "false_claim")
    gold = np.full(len(sessions), -1)
    for at, (merchant, session) in enumerate(sessions):
        for topic in ("crowd_false", "false_claim"):
            found = known.get((merchant, "live_session", session, topic))
            if found is not None:
                gold[at] = int(found)
                break
    return gold


def _worse_than_chance(votes: _Votes, gold: IntArray, spec: VotesSpec) -> BoolArray:
    """Return the voters who were mostly wrong on broadcasts that people judged."""
    voters = int(votes.voter.max(initial=-1)) + 1
    judged = gold[votes.session] >= 0
    of = votes.voter[judged]
    seen = np.bincount(of, minlength=voters)
    right = np.bincount(of, votes.label[judged] == gold[votes.session[judged]], voters)
    accuracy = (right + 2 * spec.prior) / (seen + 3 * spec.prior)
    worse: BoolArray = (seen >= spec.gold_sessions) & (accuracy < 0.5)
    return worse


def _names(relations: Relations, voters: IntArray) -> list[str]:
    """Return the pseudonyms of the first voters of a list."""
    if not len(voters):
        return []
    chosen = ", ".join(map(str, voters[:_MOST_LISTED].tolist()))
    rows = relations.rows(
        "SELECT voter_id FROM (SELECT voter_id, ROW_NUMBER() OVER (ORDER BY voter_id) - 1 AS voter"
        f" FROM votes_admitted GROUP BY voter_id) WHERE voter IN ({chosen}) ORDER BY voter"
    )
    return [str(row[0]) for row in rows]


def _judge(
    votes: _Votes, sessions: list[tuple[Any, ...]], gold: IntArray, spec: VotesSpec
) -> tuple[list[Finding], int, int]:
    """Return the findings, the rounds they took, and how many broadcasts had a crowd."""
    # Those who have hardly voted are one worker: a brigade of new accounts shows as what it is.
    workers = np.where(votes.newcomers(spec), 0, votes.voter + 1)
    found = dawid_skene(
        votes.session,
        workers,
        votes.label,
        weights=votes.weights(spec),
        gold=gold,
        prior=spec.prior,
        class_prior=spec.class_prior,
        variational=True,
        tolerance=spec.tolerance,
        rounds=spec.rounds,
    )
    _, of = np.unique(votes.network, return_index=True)
    crowd = np.bincount(votes.session[of], minlength=len(sessions))
    yes = np.bincount(votes.session, votes.label, len(sessions)).astype(np.int64)
    answers = np.bincount(votes.session, minlength=len(sessions))
    enough = crowd >= spec.least_voters
    chance = found.voted[:, 1] if len(sessions) else np.zeros(0)
    findings = [
        Finding(
            sessions[at][0],
            "live_session",
            sessions[at][1],
            "crowd_false",
            float(chance[at]),
            f"dawid_skene: {yes[at]} of {answers[at]} voters said exaggerated",
        )
        for at in np.flatnonzero(enough & (chance >= spec.report)).tolist()
    ]
    return findings, found.rounds, int(enough.sum())
