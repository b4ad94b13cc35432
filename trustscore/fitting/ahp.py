"""Weights from pairwise judgements: which of two matters more, and how many times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting.notes import Note
from trustscore.scorecard import Scorecard
from trustscore.scorecard.faults import suggest
from trustscore.typing import Array

__all__ = ["ACCEPTABLE", "Judgement", "ahp", "judged_weights", "random_index"]


# Saaty's limit of the consistency ratio.
ACCEPTABLE = 0.10
# Above twice that a matrix is closer to a random one than to consistent judgements.
_RANDOM_LIKE = 0.20
# Mean consistency index of random reciprocal matrices of order 1, 2, 3, ... (Saaty's scale).
_RANDOM = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.54, 1.56, 1.57, 1.59)
# Saaty's table ends there. Beyond it stands the line that Alonso and Lamata (2006) fitted to the
# mean largest eigenvalue of random matrices, as a function of their order.
_SLOPE, _START = 2.7699, -4.3513


class Judgement(NamedTuple):
    """One line of a judgements file: to this expert `a` matters `ratio` times as much as `b`."""

    expert: str
    a: str
    b: str
    ratio: float


def ahp(matrix: Array) -> tuple[Array, float]:
    """Return the weights of a reciprocal matrix, and its consistency ratio.

    Weights are the principal eigenvector; the ratio is ``(lambda - n) / (n - 1)`` over its mean in
    random matrices. Two items cannot be inconsistent: their ratio is 0.

    Parameters
    ----------
    matrix : ndarray of shape (items, items)
        How many times the row's item matters as much as the column's, above 0; its transpose
        holds the reciprocals.

    Returns
    -------
    weights : ndarray of shape (items,)
        Adding up to 1.
    ratio : float
        0 for consistent judgements, about 1 for random ones.

    Examples
    --------
    >>> weights, ratio = ahp(np.array([[1.0, 2.0, 4.0], [1 / 2, 1.0, 2.0], [1 / 4, 1 / 2, 1.0]]))
    >>> weights.round(3).tolist(), round(abs(ratio), 3)
    ([0.571, 0.286, 0.143], 0.0)
    """
    size = len(matrix)
    values, vectors = np.linalg.eig(matrix)
    first = int(values.real.argmax())
    weights = np.abs(vectors[:, first].real)
    weights /= weights.sum()
    if size < 3:
        return weights, 0.0
    return weights, float((values[first].real - size) / (size - 1) / random_index(size))


def random_index(size: int) -> float:
    """Return the mean consistency index of random reciprocal matrices of order `size`.

    `size` is three or more; smaller matrices are always consistent.

    Source: Saaty's table up to 15; beyond it Alonso and Lamata, Consistency in the analytic
    hierarchy process: a new approach, Int. J. Uncertain. Fuzz. 14 (2006).

    Examples
    --------
    >>> random_index(3), random_index(15), round(random_index(16), 3)
    (0.58, 1.59, 1.598)
    """
    if size <= len(_RANDOM):
        return _RANDOM[size - 1]
    return (_SLOPE * size + _START - size) / (size - 1)


def judged_weights(
    card: Scorecard, judgements: Sequence[Judgement], notes: list[Note]
) -> dict[str, dict[str, float]]:
    """Return weights inside every node that was judged, pooled over experts.

    Judgements of several experts are pooled by their geometric mean, because it keeps the pooled
    matrix reciprocal. An expert judges every pair of a node, or none.

    Parameters
    ----------
    card : Scorecard
    judgements : sequence of Judgement
        Between signals of one dimension, or dimensions of one parent.
    notes : list of Note
        Warnings of inconsistent experts are appended here.

    Returns
    -------
    dict of str to dict of str to float
        By node (``index`` for the dimensions at the top) the shares of what is below it.

    Raises
    ------
    InputError
        With every fault of the judgements.
    """
    nodes = {dimension.id: dimension.parent or "index" for dimension in card.dimensions}
    clash = [signal.id for signal in card.signals if signal.id in nodes]
    nodes |= {signal.id: signal.dimension for signal in card.signals}
    below: dict[str, list[str]] = {}
    for name, node in nodes.items():
        below.setdefault(node, []).append(name)
    said: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    faults = [f"{name}: is a signal and a dimension; judgements cannot tell" for name in clash]
    for number, (expert, a, b, ratio) in enumerate(judgements, start=1):
        at = f"judgement {number} ({a}, {b})"
        unknown = [name for name in (a, b) if name not in nodes]
        if unknown:
            faults += [f"{at}: no signal or dimension {x}{suggest(x, nodes)}" for x in unknown]
        elif a == b:
            faults.append(f"{at}: compares {a} with itself")
        elif nodes[a] != nodes[b]:
            faults.append(f"{at}: are in different nodes, {nodes[a]} and {nodes[b]}")
        elif not 1 / 9 - 1e-3 <= ratio <= 9:
            faults.append(f"{at}: ratio must be between 1/9 and 9. Got {ratio:g}")
        else:
            pairs = said.setdefault((nodes[a], expert), {})
            if (a, b) in pairs:
                faults.append(f"{at}: was judged before by {expert or 'this expert'}")
            pairs[a, b], pairs[b, a] = ratio, 1 / ratio
    pooled: dict[str, list[Array]] = {}
    for (node, expert), pairs in said.items():
        names = below[node]
        absent = [
            f"{a} against {b}"
            for i, a in enumerate(names)
            for b in names[i + 1 :]
            if (a, b) not in pairs
        ]
        who = f"{node}, expert {expert}" if expert else node
        if absent:
            shown = "; ".join(absent[:5]) + ("; ..." if len(absent) > 5 else "")
            faults.append(f"{who}: {len(absent)} pairs are not judged: {shown}")
            continue
        matrix = np.array([[pairs.get((a, b), 1.0) for b in names] for a in names])
        ratio = ahp(matrix)[1]
        if ratio > _RANDOM_LIKE:
            faults.append(f"{who}: {_worst_judgement(matrix, names, ratio)}: ask again")
        elif ratio > ACCEPTABLE:
            notes.append(
                Note("inconsistent_judgements", who, _worst_judgement(matrix, names, ratio))
            )
        pooled.setdefault(node, []).append(np.log(matrix))
    if faults:
        raise InputError(f"{len(faults)} faults in the judgements", faults)
    if not pooled:
        raise InputError("there are no judgements: weights by ahp need a file of them")
    found = {}
    for node, matrices in pooled.items():
        weights, _ = ahp(np.exp(np.mean(matrices, axis=0)))
        found[node] = dict(zip(below[node], weights.tolist(), strict=True))
    return found


def _worst_judgement(matrix: Array, names: list[str], ratio: float) -> str:
    """Say which judgement is furthest from the ratio of the weights."""
    weights, _ = ahp(matrix)
    off = np.abs(np.log(matrix) - np.log(weights[:, None] / weights[None, :]))
    i, j = np.unravel_index(int(off.argmax()), off.shape)
    if matrix[i, j] < 1:
        i, j = j, i
    return (
        f"judgements contradict each other (consistency ratio {ratio:.2f}, at most "
        f"{ACCEPTABLE:.2f} is accepted); the furthest off is {names[i]} {matrix[i, j]:.3g} times "
        f"{names[j]}, where the others together say {weights[i] / weights[j]:.2g}"
    )
