"""Broadcasts and their votes, made up for tests."""

import numpy as np

from tests.logs.folders import table

VOTES = "session_id,merchant_id,voter_id,voted_at,question,answer,device_id,ip"


def vote(session, voter, answer, *, merchant="m1", at="2026-01-20 10:00", device="", ip=""):
    """One row of live_votes."""
    return [session, merchant, voter, at, "exaggerated", answer, device, ip]


def votes_table(rows):
    """The log of votes."""
    return table(VOTES, *rows)


def draw_votes(draw, truth, crowd, accuracy, seats):
    """Votes of a crowd on rooms: each room has `seats` voters, each right with its accuracy.

    Returns items, workers and labels.
    """
    items, workers, labels = [], [], []
    for room, false in enumerate(truth):
        for voter in draw.choice(crowd, seats, replace=False):
            right = draw.random() < accuracy[voter]
            items.append(room)
            workers.append(int(voter))
            labels.append(int(false) if right else 1 - int(false))
    return np.array(items), np.array(workers), np.array(labels)
