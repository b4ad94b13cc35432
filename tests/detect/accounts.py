"""Accounts and their identifiers, made up for tests: gangs with their truth, and planted hubs."""

import itertools

import numpy as np

from tests.logs.folders import table

KINDS = ("legal_id", "phone", "email", "device", "pay_account", "address", "ip")


def market(seed, accounts, gangs, *, agency=0, building=0, office=0, uses=2):
    """Return rows of identities, the gang of each account (-1 for none), and honest pairs.

    Every account has identifiers of its own. A gang has a phone, device and payout account for each
    four members, who use `uses` of them in turn: nearly all pay out to one, as the money must come
    back, many share devices, half a phone or an address. An agency gives its clients one phone,
    e-mail and device; a building one address; an office one network. Gangs are clients as well.
    """
    draw = np.random.default_rng(seed)
    own = {
        name: {kind: f"{kind}-{name}" for kind in KINDS}
        for name in (f"m{at:07d}" for at in range(accounts))
    }
    names = list(own)
    order = draw.permutation(accounts)
    gang = np.full(accounts, -1)
    rows, place = [], 0
    for number in range(gangs):
        members = order[place : place + draw.integers(2, 13)]
        place += len(members)
        gang[members] = number
        pool = max(1, len(members) // 4)
        for at in members.tolist():
            for kind, share in (("phone", 0.5), ("device", 0.9), ("pay_account", 0.95)):
                if draw.random() < share:
                    for turn in range(1 if kind == "phone" else uses):
                        shared = f"{kind}-gang{number}-{draw.integers(pool)}"
                        own[names[at]][f"{kind} gang {turn}"] = shared
            if draw.random() < 0.5:
                own[names[at]]["address"] = f"address-gang{number}"
    for size, kinds in (
        (agency, ("phone", "email", "device")),
        (building, ("address",)),
        (office, ("ip",)),
    ):
        for at in draw.choice(accounts, size, replace=False).tolist():
            for kind in kinds:
                own[names[at]][f"{kind} hub"] = f"{kind}-hub-{size}"
    families = order[place : place + accounts // 10].reshape(-1, 2).tolist()
    for one, other in families:
        # A family has two shops at one address, on one network and one tablet's account.
        own[names[other]] |= {kind: own[names[one]][kind] for kind in ("address", "ip")}
    agents = order[place + accounts // 10 : place + accounts // 5]
    for number, clients in enumerate(np.array_split(agents, max(1, len(agents) // 6))):
        # A small tax agent leaves its phone with six clients.
        for at in clients.tolist():
            own[names[at]]["phone agent"] = f"phone-agent{number}"
    for name, held in own.items():
        values = {(kind.split()[0], number_of(value)) for kind, value in held.items()}
        rows += [[name, kind, value] for kind, value in sorted(values)]
    return rows, dict(zip(names, gang.tolist(), strict=True))


def number_of(value):
    """Return an identifier that looks like its kind."""
    if value.startswith("phone"):
        return f"13{zlib_number(value):09d}"
    return f"{value}@x.example" if value.startswith("email") else value


def zlib_number(value):
    """A number of nine digits, another one for each text that a test makes."""
    import hashlib

    return int(hashlib.sha256(value.encode()).hexdigest()[:12], 16) % 10**9


def true_pairs(gang):
    """Return the pairs of accounts of one gang."""
    members = {}
    for name, number in gang.items():
        if number >= 0:
            members.setdefault(number, []).append(name)
    pairs = (itertools.combinations(sorted(group), 2) for group in members.values())
    return set(itertools.chain.from_iterable(pairs))


def identities(rows):
    """The log of identities."""
    return table("merchant_id,kind,value", *rows)
