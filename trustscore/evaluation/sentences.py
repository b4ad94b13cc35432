"""An evaluation in sentences: what the boost costs, what it buys, and what is left to decide."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from trustscore.evaluation.draws import LEAST_LISTS
from trustscore.evaluation.evaluation import NONE, Evaluation
from trustscore.evaluation.sweep import BOOST

_FEW_LISTS = 100
_STRONGER = 1.25
_MUCH = 0.5
_SOME = 0.2


class Verdict(NamedTuple):
    """The sentences about an evaluation.

    Attributes
    ----------
    costs, buys, decide : list of str
    """

    costs: list[str]
    buys: list[str]
    decide: list[str]


def verdict(found: Evaluation) -> Verdict:
    """Return the sentences about an evaluation.

    Parameters
    ----------
    found : Evaluation
        The sentences use its figures only.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from trustscore.boost import BoostPolicy, Lists, TrustTable
    >>> from trustscore.evaluation import evaluate
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [50.0, 90.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> lists = Lists.from_columns(["q"] * 3, [0.50, 0.48, 0.47], ["a", "new", "b"])
    >>> said = verdict(evaluate(lists, table, BoostPolicy.load(), ks=[2], draws=50))
    >>> said.buys[0].partition(",")[0]
    'exposure: the promoted get 61.3 % instead of 0.0 %'
    """
    return Verdict(list(_costs(found)), list(_buys(found)), list(_decide(found)))


def percent(share: float, digits: int = 2) -> str:
    """Return a share as per cent; what rounds to zero has no minus sign.

    Examples
    --------
    >>> percent(0.0123), percent(-1e-9), percent(0.5, 0)
    ('1.23 %', '0.00 %', '50 %')
    """
    text = f"{100 * share:.{digits}f}"
    return f"{text.lstrip('-') if float(text) == 0 else text} %"


def _ends(low: float, high: float, shape: Callable[[float], str]) -> str:
    """Return an interval in brackets; nothing where lists are too few for one."""
    return "" if math.isnan(low) else f" (95 %: {shape(low)} to {shape(high)})"


def _costs(found: Evaluation) -> Iterator[str]:
    ndcg = found.figure(BOOST, "score_ndcg")
    k = found.main_k
    yield (
        f"relevance: score-NDCG@{k} falls by {percent(1 - ndcg.value, 3)}"
        f"{_ends(1 - ndcg.upper, 1 - ndcg.lower, lambda x: percent(x, 3))}; one list in"
        f" a hundred loses {percent(found.figure(BOOST, 'loss_p99').value, 1)} or more, the worst"
        f" {percent(found.figure(BOOST, 'loss_worst').value, 1)}{_bound(found)}"
    )
    if found.panel.label is not None:
        label = found.figure(BOOST, "label_ndcg")
        yield (
            f"labels: NDCG@{k} moves from {found.figure(NONE, 'label_ndcg').value:.4f} to"
            f" {label.value:.4f}, by {label.change:+.4f}"
            f"{_ends(label.change_lower, label.change_upper, lambda x: f'{x:+.4f}')}"
        )
    lists = found.figure(BOOST, "changed_lists").value
    mean, most = (found.figure(BOOST, f"displacement_{name}").value for name in ("mean", "most"))
    yield (
        f"order: {percent(lists, 0)} of lists differ in their first {k} places; a candidate moves"
        f" {mean:.2f} places on average, {most:.0f} at most"
    )


def _bound(found: Evaluation) -> str:
    policy = found.policy
    if policy.form == "additive" or policy.guards.merchant_most is not None:
        return ""
    return f" (by its form no list can lose more than {percent(1 - policy.bound, 1)})"


def _buys(found: Evaluation) -> Iterator[str]:
    share = found.figure(BOOST, "promoted_exposure")
    price = found.figure(BOOST, "price").value
    paid = "" if math.isnan(price) else f", {percent(price, 3)} of relevance for each point"
    yield (
        f"exposure: the promoted get {percent(share.value, 1)} instead of"
        f" {percent(share.value - share.change, 1)}, {100 * share.change:+.2f} points"
        f"{_ends(share.change_lower, share.change_upper, lambda x: f'{100 * x:+.2f}')}{paid}"
    )
    trust = found.figure(BOOST, "mean_trust")
    if not math.isnan(trust.value):
        yield (
            f"trust: the mean index of what is seen moves from {trust.value - trust.change:.2f}"
            f" to {trust.value:.2f}"
        )


def _decide(found: Evaluation) -> Iterator[str]:
    yield from _strength(found)
    yield from _off(found)
    yield from _reach(found)
    yield from _rivals(found)
    yield from _labels(found)
    yield from _losers(found)
    yield from _vetoes(found)
    lists = found.facts["lists_measured"]
    if lists < LEAST_LISTS:
        yield f"evidence: {lists} lists are few; intervals are given from {LEAST_LISTS} on"
    elif lists < _FEW_LISTS:
        yield f"evidence: {lists} lists are few; read every figure as indicative"


def _strength(found: Evaluation) -> Iterator[str]:
    beta, best = found.policy.beta, found.calibrated
    stop = {
        "eps": "there the mean loss stops it",
        "worst list": "there the loss of one list in a hundred stops it",
        "most beta": f"more than {best.beta:.3g} is not allowed",
    }[best.binding]
    loss = 1 - found.figure(BOOST, "score_ndcg").value
    if loss > found.eps:
        yield (
            f"strength: beta {beta:g} costs more than {percent(found.eps, 1)}; {best.beta:.3g}"
            f" would not ({stop})"
        )
    elif best.beta > _STRONGER * beta:
        yield (
            f"strength: beta is {beta:g}; {best.beta:.3g} would still keep the mean loss within"
            f" {percent(found.eps, 1)}, and give the promoted {percent(best.share, 1)} ({stop})"
        )
    beyond = [p for p in found.line(BOOST) if not p.allowed and p.loss_upper <= found.eps]
    if beyond:
        most = beyond[-1]
        yield (
            f"guard: max_relevance_loss keeps beta within {found.policy.most_beta:.3g}; without it"
            f" beta {most.setting:g} costs {percent(most.loss)} on average and"
            f" {percent(most.loss_worst, 1)} in the worst list, and gives the promoted"
            f" {percent(most.exposure, 1)}"
        )
    knee = next(point for point in found.line(BOOST) if point.knee)
    if beta > knee.setting > 0:
        yield f"strength: beyond beta {knee.setting:g}, the knee, exposure gets expensive"


def _off(found: Evaluation) -> Iterator[str]:
    excluded, lists = found.facts["lists_excluded"], found.facts["lists_measured"]
    if excluded:
        yield (
            f"exclusions: {excluded:,} of {lists:,} lists are excluded by the policy; every method"
            " leaves them as they are"
        )
    expired = found.facts["share_expired"]
    if expired:
        yield f"expiry: the scores of {percent(expired, 0)} of candidates have expired: neutral"


def _reach(found: Evaluation) -> Iterator[str]:
    facts = found.facts
    if facts["share_neutral"] > _MUCH:
        yield (
            f"reach: {percent(facts['share_neutral'], 0)} of candidates are neutral"
            f" ({percent(facts['share_unknown'], 0)} have no score): more strength moves only the"
            " others; wider evidence, or a smaller z in the policy, moves more"
        )
    elif facts["share_unknown"] > _SOME:
        yield f"reach: {percent(facts['share_unknown'], 0)} of candidates have no score"
    promoted, demoted = facts["share_promoted"], facts["share_demoted"]
    if demoted > _MUCH or (demoted > _SOME and demoted > 4 * promoted):
        yield (
            f"neutral point: {percent(demoted, 0)} of candidates are demoted and"
            f" {percent(promoted, 0)} promoted; {found.policy.neutral.point:g} may be too high here"
        )
    elif promoted > _MUCH:
        yield (
            f"neutral point: {percent(promoted, 0)} of candidates are promoted, so promotion says"
            f" little; {found.policy.neutral.point:g} may be too low here"
        )


def _rivals(found: Evaluation) -> Iterator[str]:
    # On few lists such a difference may be chance.
    if found.facts["lists_measured"] < _FEW_LISTS:
        return
    mine = 1 - found.figure(BOOST, "score_ndcg").value
    for what, losses in (
        ("exposure of the promoted", found.equal_exposure),
        ("mean trust", found.equal_trust),
    ):
        cheaper = {n: loss for n, loss in losses.items() if n != BOOST and loss < 0.9 * mine}
        if cheaper:
            named = ", ".join(f"{name} {percent(loss, 3)}" for name, loss in cheaper.items())
            yield (
                f"method: for the same {what} the boost costs {percent(mine, 3)}, and {named};"
                " none of these bounds the loss of a single list"
            )


def _labels(found: Evaluation) -> Iterator[str]:
    if found.panel.label is None:
        yield "labels: none given; score-NDCG assumes that the scores are true"
        return
    label = found.figure(BOOST, "label_ndcg")
    lists = found.facts["lists_with_labels"]
    if label.change_upper < 0:
        yield f"labels: they confirm the loss on {lists} lists; is the exposure worth it?"
    elif label.change_lower < 0:
        yield (
            f"labels: {lists} lists show no significant change; they rule out a fall of more"
            f" than {-label.change_lower:.4f}"
        )
    elif math.isnan(label.change_lower):
        yield f"labels: {lists} lists with labels are too few to say whether it is chance"
    missing = found.facts["candidates_without_label"]
    if missing:
        yield f"labels: {missing:,} candidates have none and count as 0"


def _losers(found: Evaluation) -> Iterator[str]:
    fresh = found.figure(BOOST, "newcomer_exposure")
    if fresh.change_upper < 0:
        yield (
            f"newcomers: their exposure falls by {-100 * fresh.change:.2f} points, from"
            f" {percent(fresh.value - fresh.change, 1)}; exploration in the policy restores some"
        )
    if found.panel.sizes is not None:
        small = [
            found.figure(BOOST, "size_exposure", f"tenth {at}").change for at in (1, 2, 3, 4, 5)
        ]
        if sum(small) < -0.005:
            yield f"small merchants: the lower half by volume loses {-100 * sum(small):.2f} points"
    gini = found.figure(BOOST, "merchant_gini")
    if gini.change > 0.005:
        yield (
            f"concentration: the Gini coefficient of merchants' exposure rises from"
            f" {gini.value - gini.change:.3f} to {gini.value:.3f}"
        )


def _vetoes(found: Evaluation) -> Iterator[str]:
    gone = found.vetoes
    if not gone["candidates"]:
        return
    emptied = f", and empty {gone['lists_emptied']:.0f}" if gone["lists_emptied"] else ""
    yield (
        f"vetoes: they take {gone['candidates']:,.0f} candidates out of {gone['lists']:,.0f} lists"
        f"{emptied}: {percent(gone['mean_loss'])} of relevance on average, beside the figures above"
    )
