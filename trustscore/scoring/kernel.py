# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The arithmetic of one merchant, in the order in which one would explain it.

    evidence -> utility -> tree -> points -> statement -> rules -> status -> tier

This file is in Cython's pure Python mode: it runs as it is, and compiled it runs a hundred times
faster and gives the same bits. It reads the flat tables that `program` makes of a scorecard.

The names are those of the documentation: x is the shrunk value of a signal, q = 1 - r the doubt
that evidence leaves (r is its reliability), u its utility, phi the generator of a power mean,
v a utility raised above the floor of its node, se a standard error.
"""

from __future__ import annotations

try:
    import cython
except ModuleNotFoundError:
    from trustscore import uncompiled as cython

from trustscore.scoring import codes

if cython.compiled:
    from cython.cimports.libc.math import exp, fabs, log, log1p, pow, sqrt
    from cython.cimports.libc.math import floor as round_down
else:
    from trustscore.uncompiled import exp, fabs, log, log1p, pow, sqrt
    from trustscore.uncompiled import floor as round_down

COMPILED = cython.compiled

PLAIN = cython.declare(cython.int, codes.PLAIN)
COUNTS = cython.declare(cython.int, codes.COUNTS)
LOG_MEAN = cython.declare(cython.int, codes.LOG_MEAN)
AS_IS = cython.declare(cython.int, codes.AS_IS)
BY_LOG = cython.declare(cython.int, codes.BY_LOG)
BY_EXP = cython.declare(cython.int, codes.BY_EXP)
BY_EXP_LOG1P = cython.declare(cython.int, codes.BY_EXP_LOG1P)
STRAIGHT = cython.declare(cython.int, codes.STRAIGHT)
NORMAL = cython.declare(cython.int, codes.NORMAL)
LOGISTIC = cython.declare(cython.int, codes.LOGISTIC)
KNOTS = cython.declare(cython.int, codes.KNOTS)
LOG1P_OF_WAY = cython.declare(cython.int, codes.LOG1P_OF_WAY)
WITHHELD = cython.declare(cython.int, codes.WITHHELD)
LEFT_OUT = cython.declare(cython.int, codes.LEFT_OUT)
ABOVE = cython.declare(cython.int, codes.ABOVE)
AT_LEAST = cython.declare(cython.int, codes.AT_LEAST)
BELOW = cython.declare(cython.int, codes.BELOW)
AT_MOST = cython.declare(cython.int, codes.AT_MOST)
EQUAL = cython.declare(cython.int, codes.EQUAL)
CAP = cython.declare(cython.int, codes.CAP)
NOT_SCORED = cython.declare(cython.int, codes.NOT_SCORED)
NEW = cython.declare(cython.int, codes.NEW)
LOW_EVIDENCE = cython.declare(cython.int, codes.LOW_EVIDENCE)
FORMAL = cython.declare(cython.int, codes.FORMAL)
REASONS = cython.declare(cython.int, codes.REASONS)
Z95 = cython.declare(cython.double, codes.Z95)
ERF_POINT_EIGHT = cython.declare(cython.double, codes.ERF_POINT_EIGHT)
LOGIT_POINT_NINE = cython.declare(cython.double, codes.LOGIT_POINT_NINE)
ERF_P = cython.declare(cython.double, codes.ERF_P)
ERF_A1 = cython.declare(cython.double, codes.ERF_A[0])
ERF_A2 = cython.declare(cython.double, codes.ERF_A[1])
ERF_A3 = cython.declare(cython.double, codes.ERF_A[2])
ERF_A4 = cython.declare(cython.double, codes.ERF_A[3])
ERF_A5 = cython.declare(cython.double, codes.ERF_A[4])
SMALLEST = cython.declare(cython.double, codes.SMALLEST)
LEAST_SLOPE = cython.declare(cython.double, codes.LEAST_SLOPE)
LEAST_UTILITY = cython.declare(cython.double, codes.LEAST_UTILITY)
MOST_CLAIM = cython.declare(cython.double, codes.MOST_CLAIM)
LEAST_LOG1P = cython.declare(cython.double, codes.LEAST_LOG1P)
NAN = cython.declare(cython.double, float("nan"))
INFINITY = cython.declare(cython.double, float("inf"))


@cython.cclass
class Tables:
    """A scorecard as flat tables: v counts variants, s signals, n nodes, r rules.

    Nodes stand with children before their parents, and the index itself last.
    """

    # One number a signal.
    value_column: cython.int[::1]
    sample_column: cython.int[::1]
    evidence: cython.int[::1]
    scale: cython.int[::1]
    shape: cython.int[::1]
    first_knot: cython.int[::1]
    last_knot: cython.int[::1]
    node: cython.int[::1]
    when: cython.int[::1]
    collected: cython.int[::1]
    blank: cython.int[::1]
    rounding: cython.double[::1]
    # One number a variant and signal: that of v and s stands at v signals + s.
    weight: cython.double[::1]
    prior: cython.double[::1]
    strength: cython.double[::1]
    poor: cython.double[::1]
    good: cython.double[::1]
    least: cython.double[::1]
    prior_utility: cython.double[::1]
    withheld_utility: cython.double[::1]
    raised_prior: cython.double[::1]
    kappa: cython.double[::1]
    # Knots of all signals, one after the other: values and utilities.
    knot_value: cython.double[::1]
    knot_utility: cython.double[::1]
    # One number a node.
    parent: cython.int[::1]
    first_signal: cython.int[::1]
    last_signal: cython.int[::1]
    weight_by: cython.int[::1]
    dimension: cython.int[::1]
    power: cython.double[::1]
    floor: cython.double[::1]
    raised_floor: cython.double[::1]
    node_weight: cython.double[::1]
    rho: cython.double
    rho_evidence: cython.double
    # Conditions; sets of them under which signals apply, and sets that make rules fire.
    left: cython.int[::1]
    right: cython.int[::1]
    operator: cython.int[::1]
    number: cython.double[::1]
    first_applies: cython.int[::1]
    last_applies: cython.int[::1]
    first_fires: cython.int[::1]
    last_fires: cython.int[::1]
    # One number a rule; `points` and `line` one a variant and rule, as those of signals.
    sign: cython.double[::1]
    veto: cython.int[::1]
    readable: cython.int[::1]
    part_column: cython.int[::1]
    whole_column: cython.int[::1]
    min_count: cython.double[::1]
    line: cython.double[::1]
    points: cython.double[::1]
    per_column: cython.int[::1]
    above_column: cython.int[::1]
    most: cython.double[::1]
    # Status and tiers.
    collected_share: cython.double[::1]
    new_column: cython.int
    new_below: cython.double
    low_coverage: cython.double
    ladder: Ladder

    def __init__(self, **tables):
        self.value_column = tables["value_column"]
        self.sample_column = tables["sample_column"]
        self.evidence = tables["evidence"]
        self.scale = tables["scale"]
        self.shape = tables["shape"]
        self.first_knot = tables["first_knot"]
        self.last_knot = tables["last_knot"]
        self.node = tables["node"]
        self.when = tables["when"]
        self.collected = tables["collected"]
        self.blank = tables["blank"]
        self.rounding = tables["rounding"]
        self.weight = tables["weight"]
        self.prior = tables["prior"]
        self.strength = tables["strength"]
        self.poor = tables["poor"]
        self.good = tables["good"]
        self.least = tables["least"]
        self.prior_utility = tables["prior_utility"]
        self.withheld_utility = tables["withheld_utility"]
        self.raised_prior = tables["raised_prior"]
        self.kappa = tables["kappa"]
        self.knot_value = tables["knot_value"]
        self.knot_utility = tables["knot_utility"]
        self.parent = tables["parent"]
        self.first_signal = tables["first_signal"]
        self.last_signal = tables["last_signal"]
        self.weight_by = tables["weight_by"]
        self.dimension = tables["dimension"]
        self.power = tables["power"]
        self.floor = tables["floor"]
        self.raised_floor = tables["raised_floor"]
        self.node_weight = tables["node_weight"]
        self.rho = tables["rho"]
        self.rho_evidence = tables["rho_evidence"]
        self.left = tables["left"]
        self.right = tables["right"]
        self.operator = tables["operator"]
        self.number = tables["number"]
        self.first_applies = tables["first_applies"]
        self.last_applies = tables["last_applies"]
        self.first_fires = tables["first_fires"]
        self.last_fires = tables["last_fires"]
        self.sign = tables["sign"]
        self.veto = tables["veto"]
        self.readable = tables["readable"]
        self.part_column = tables["part_column"]
        self.whole_column = tables["whole_column"]
        self.min_count = tables["min_count"]
        self.line = tables["line"]
        self.points = tables["points"]
        self.per_column = tables["per_column"]
        self.above_column = tables["above_column"]
        self.most = tables["most"]
        self.collected_share = tables["collected_share"]
        self.new_column = tables["new_column"]
        self.new_below = tables["new_below"]
        self.low_coverage = tables["low_coverage"]
        self.ladder = tables["ladder"]


@cython.cclass
class Ladder:
    """The tiers, low to high, and what it takes to enter, to stay and to leave."""

    tiers: cython.int
    entry: cython.int
    at: cython.double[::1]
    coverage: cython.double[::1]
    z: cython.double
    hysteresis: cython.double
    coverage_margin: cython.double
    minimum_stay_days: cython.double
    reviews_below: cython.double

    def __init__(
        self,
        at,
        coverage,
        entry,
        z,
        hysteresis,
        coverage_margin,
        minimum_stay_days,
        reviews_below,
    ):
        self.tiers = len(at)
        self.at = at
        self.coverage = coverage
        self.entry = entry
        self.z = z
        self.hysteresis = hysteresis
        self.coverage_margin = coverage_margin
        self.minimum_stay_days = minimum_stay_days
        self.reviews_below = reviews_below


@cython.cclass
class Given:
    """What is known of some merchants: one row each.

    `cells` are the numeric columns with NaN for blanks, `variant` which overlays and peers hold.
    `previous` is the tier held, -1 when unknown; `days` in it and `below` reviews are NaN then.
    """

    cells: cython.const[cython.double][:, ::1]
    variant: cython.const[cython.int][::1]
    previous: cython.const[cython.int][::1]
    days: cython.const[cython.double][::1]
    below: cython.const[cython.double][::1]

    def __init__(self, cells, variant, previous, days, below):
        self.cells = cells
        self.variant = variant
        self.previous = previous
        self.days = days
        self.below = below


@cython.cclass
class Found:
    """Where the results go. The tables of a statement have no rows unless one is asked for."""

    index: cython.double[::1]
    lower: cython.double[::1]
    upper: cython.double[::1]
    se: cython.double[::1]
    prior: cython.double[::1]
    raw: cython.double[::1]
    coverage: cython.double[::1]
    uncapped: cython.double[::1]
    dimensions: cython.double[:, :]
    status: cython.char[::1]
    tier: cython.char[::1]
    veto: cython.char[::1]
    fired: cython.char[:, :]
    reason_signal: cython.short[:, :]
    reason_points: cython.double[:, :]
    # Of each signal, the rows in which it applies and is unknown, is withheld, or has events but
    # nothing that they are of.
    unknown: cython.longlong[::1]
    withheld: cython.longlong[::1]
    without_whole: cython.longlong[::1]
    statement: cython.bint
    utility: cython.double[:, ::1]
    reliability: cython.double[:, ::1]
    value: cython.double[:, ::1]
    share: cython.double[:, ::1]
    gained: cython.double[:, ::1]
    lost: cython.double[:, ::1]
    applies: cython.char[:, ::1]
    held_back: cython.char[:, ::1]
    adjustments: cython.double[:, ::1]

    def __init__(self, numbers, dimensions, codes, fired, reasons, counts, statement, tables):
        self.index, self.lower, self.upper, self.se = numbers[:4]
        self.prior, self.raw, self.coverage, self.uncapped = numbers[4:]
        self.dimensions = dimensions
        self.status, self.tier, self.veto = codes
        self.fired = fired
        self.reason_signal, self.reason_points = reasons
        self.unknown, self.withheld, self.without_whole = counts
        self.statement = statement
        self.utility, self.reliability, self.value, self.share, self.gained, self.lost = tables[:6]
        self.applies, self.held_back, self.adjustments = tables[6:]


@cython.cclass
class Work:
    """Work space for one merchant: its cells, one number a signal, or one a node."""

    cell: cython.double[::1]
    met: cython.int[::1]
    applies: cython.int[::1]
    # Of signals: value, doubt, utility, weight in the node, phi(v), and the claim on losses.
    x: cython.double[::1]
    q: cython.double[::1]
    u: cython.double[::1]
    w: cython.double[::1]
    raised: cython.double[::1]
    claim: cython.double[::1]
    held_back: cython.int[::1]
    alone: cython.int[::1]
    # The signals without evidence, and how many they are.
    bare: cython.int[::1]
    bare_count: cython.Py_ssize_t
    # Of nodes: running sums while the tree is climbed, what they come to, and points a claim.
    total: cython.double[::1]
    mean: cython.double[::1]
    prior: cython.double[::1]
    doubt: cython.double[::1]
    single: cython.double[::1]
    common: cython.double[::1]
    shared: cython.double[::1]
    above_floor: cython.double[::1]
    below_full: cython.double[::1]
    node_u: cython.double[::1]
    node_w: cython.double[::1]
    node_raised: cython.double[::1]
    gained_each: cython.double[::1]
    lost_each: cython.double[::1]
    share_each: cython.double[::1]

    def __init__(self, cell, integers, signals, nodes):
        self.cell = cell
        self.met, self.applies, self.held_back, self.alone, self.bare = integers
        self.bare_count = 0
        self.x, self.q, self.u, self.w, self.raised, self.claim = signals
        self.total, self.mean, self.prior, self.doubt = nodes[:4]
        self.single, self.common, self.shared = nodes[4:7]
        self.above_floor, self.below_full, self.node_u = nodes[7:10]
        self.node_w, self.node_raised = nodes[10:12]
        self.gained_each, self.lost_each, self.share_each = nodes[12:]


# Evidence and utility --------------------------------------------------------------------------


@cython.ccall
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def shrunk(
    evidence: cython.int,
    x: cython.double,
    n: cython.double,
    prior: cython.double,
    strength: cython.double,
) -> cython.double:
    """Return k events or a mean of n, drawn towards a prior worth `strength` observations.

    Counts become (k + s p0) / (n + s), means (1 - q) mean + q m0 with q = s / (n + s). As a mix
    of the two a mean cannot overflow, and no evidence is the prior exactly.
    """
    q: cython.double = strength / (n + strength)
    if evidence == COUNTS:
        return (x + strength * prior) / (n + strength)
    return (1.0 - q) * x + prior * q


@cython.ccall
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def on_scale(scale: cython.int, x: cython.double) -> cython.double:
    """Return x on the scale on which its curve is drawn."""
    if scale == AS_IS:
        return x
    if scale == BY_LOG:
        return log(SMALLEST if x < SMALLEST else x)
    if scale == BY_EXP:
        return exp(x)
    if scale == BY_EXP_LOG1P:
        x = exp(x)
    return log1p(LEAST_LOG1P if x < LEAST_LOG1P else x)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def erf(z: cython.double) -> cython.double:
    """Return the error function by a polynomial that SQL can say too."""
    size: cython.double = fabs(z)
    t: cython.double = 1.0 / (1.0 + ERF_P * size)
    tail: cython.double = ((((ERF_A5 * t + ERF_A4) * t + ERF_A3) * t + ERF_A2) * t + ERF_A1) * t
    square: cython.double = size * size
    tail = tail * exp(-(700.0 if square > 700.0 else square))
    return tail - 1.0 if z < 0.0 else (1.0 - tail if z > 0.0 else 0.0 * z)


@cython.ccall
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def utility(
    shape: cython.int, x: cython.double, poor: cython.double, good: cython.double
) -> cython.double:
    """Return the utility of x on its scale: 0 is poor, 1 is good, NaN stays NaN."""
    u: cython.double = (x - poor) / (good - poor)
    if shape in (STRAIGHT, LOG1P_OF_WAY):
        u = 0.0 if u < 0.0 else u
        u = 1.0 if u > 1.0 else u
        if shape == STRAIGHT:
            return u
        return log1p(u * fabs(good - poor)) / log1p(fabs(good - poor))
    if shape == NORMAL:
        return 0.5 * (1.0 + erf(u * ERF_POINT_EIGHT))
    if shape == LOGISTIC:
        u = (u - 0.5) * (-2.0 * LOGIT_POINT_NINE)
        return 1.0 / (1.0 + exp(700.0 if u > 700.0 else u))
    return NAN


@cython.ccall
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def rounded(u: cython.double, rounding: cython.double) -> cython.double:
    """Return a utility rounded to a number of steps from 0 to 1, half up; 0 steps leave it."""
    return round_down(u * rounding + 0.5) / rounding if rounding > 0.0 else u


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def between_knots(t: Tables, s: cython.Py_ssize_t, x: cython.double) -> cython.double:
    """Return the utility of x on the polyline of a signal, flat beyond its ends."""
    low: cython.Py_ssize_t = t.first_knot[s]
    high: cython.Py_ssize_t = t.last_knot[s]
    middle: cython.Py_ssize_t
    slope: cython.double
    if x != x:
        return x
    if x <= t.knot_value[low]:
        return t.knot_utility[low]
    if x >= t.knot_value[high]:
        return t.knot_utility[high]
    while high - low > 1:
        middle = (low + high) // 2
        if t.knot_value[middle] <= x:
            low = middle
        else:
            high = middle
    slope = (t.knot_utility[high] - t.knot_utility[low]) / (t.knot_value[high] - t.knot_value[low])
    return slope * (x - t.knot_value[low]) + t.knot_utility[low]


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def curve(
    t: Tables, s: cython.Py_ssize_t, at: cython.Py_ssize_t, x: cython.double
) -> cython.double:
    """Return the utility of a signal whose value is x, on the scale that is shrunk."""
    x = on_scale(t.scale[s], x)
    if t.shape[s] == KNOTS:
        x = between_knots(t, s, x)
    else:
        x = utility(t.shape[s], x, t.poor[at + s], t.good[at + s])
    return rounded(x, t.rounding[s])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def take(
    w: Work, cells: cython.const[cython.double][:, ::1], row: cython.Py_ssize_t
) -> cython.void:
    """Take the cells of a merchant: read in order they come from memory ahead of their use."""
    c: cython.Py_ssize_t
    for c in range(w.cell.shape[0]):
        w.cell[c] = cells[row, c]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def condition(t: Tables, w: Work, c: cython.Py_ssize_t) -> cython.int:
    """Return 1 where a condition holds, 0 where it does not, -1 where a column is blank."""
    x: cython.double
    over: cython.double
    number: cython.double = t.number[c]
    if t.left[c] < 0:
        return -1
    x = w.cell[t.left[c]]
    if t.right[c] != -1:
        if t.right[c] < 0:
            return -1
        over = w.cell[t.right[c]]
        if over == 0.0:
            return -1
        x = x / over
    if x != x:
        return -1
    if t.operator[c] == ABOVE:
        return x > number
    if t.operator[c] == AT_LEAST:
        return x >= number
    if t.operator[c] == BELOW:
        return x < number
    if t.operator[c] == AT_MOST:
        return x <= number
    if t.operator[c] == EQUAL:
        return x == number
    return x != number


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def find_conditions(t: Tables, w: Work) -> cython.void:
    """Find what holds, and which sets of conditions leave signals applicable.

    A blank leaves a signal applicable: nobody gains by leaving it out.
    """
    c: cython.Py_ssize_t
    g: cython.Py_ssize_t
    for c in range(t.left.shape[0]):
        w.met[c] = condition(t, w, c)
    for g in range(t.first_applies.shape[0]):
        w.applies[g] = 1
        for c in range(t.first_applies[g], t.last_applies[g]):
            if w.met[c] == 0:
                w.applies[g] = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def find_utilities(t: Tables, w: Work, v: cython.Py_ssize_t) -> cython.void:
    """Find the value, doubt, utility and weight of every signal: q = s / (n + s), 0 without n.

    Events of nothing (n = 0) count towards the value and are no evidence of a rate: q is 1.
    """
    s: cython.Py_ssize_t
    at: cython.Py_ssize_t = v * t.node.shape[0]
    evidence: cython.int
    x: cython.double
    n: cython.double
    q: cython.double
    u: cython.double
    prior: cython.double
    strength: cython.double
    bare: cython.Py_ssize_t = 0
    for s in range(t.node.shape[0]):
        w.held_back[s] = w.alone[s] = 0
        if not t.collected[s]:
            w.x[s] = w.q[s] = w.u[s] = w.w[s] = 0.0
            continue
        w.w[s] = t.weight[at + s] if t.when[s] < 0 or w.applies[t.when[s]] else 0.0
        evidence = t.evidence[s]
        prior = t.prior[at + s]
        x = w.cell[t.value_column[s]]
        n = q = 0.0
        if evidence != PLAIN:
            n = w.cell[t.sample_column[s]]
            strength = t.strength[at + s]
            q = strength / (n + strength)
            if evidence == LOG_MEAN:
                x = log(t.least[at + s] if x < t.least[at + s] else x)
            w.alone[s] = evidence == COUNTS and n == 0.0 and x > 0.0
            x = shrunk(evidence, x, n, prior, strength)
        u = curve(t, s, at, x)
        if u != u:
            # A blank: the prior stands in. Beside a sample it is held back, if the card says so.
            x, q, u = prior, 1.0, t.prior_utility[at + s]
            if n > 0.0 and t.blank[s] == WITHHELD:
                u = t.withheld_utility[at + s]
                w.held_back[s] = 1
        if q == 1.0:
            w.bare[bare] = s
            bare += 1
            if t.blank[s] == LEFT_OUT and not w.alone[s]:
                w.w[s] = 0.0
        w.x[s] = x
        w.q[s] = q
        w.u[s] = u
    w.bare_count = bare


# The tree --------------------------------------------------------------------------------------


@cython.ccall
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def floored(u: cython.double, power: cython.double, floor: cython.double) -> cython.double:
    """Return v = eps + (1 - eps) u, where the exponent needs a floor.

    Without a floor phi is so steep at 0, where power is below 1, that a last bit of u would move
    the index: next to nothing is nothing there.
    """
    if floor == 0.0 and power < 1.0 and u < LEAST_UTILITY:
        return 0.0
    return u if power == 1.0 else floor + (1.0 - floor) * u


@cython.ccall
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def phi(v: cython.double, power: cython.double) -> cython.double:
    """Return the generator of the power mean: v, ln v or v ** p."""
    if power == 1.0:
        return v
    if power == 0.0:
        return log(v) if v > 0.0 else -INFINITY
    if v <= 0.0 and power < 0.0:
        return INFINITY
    if power == -1.0:
        return 1.0 / v
    return pow(v, power)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mean_utility(mean: cython.double, power: cython.double, floor: cython.double) -> cython.double:
    """Return the utility of a mean of phi(v): phi undone, the floor taken off, clipped to 0..1."""
    u: cython.double = mean
    if power != 1.0:
        u = (inverse_phi(mean, power) - floor) / (1.0 - floor)
    u = 0.0 if u < 0.0 else u
    return 1.0 if u > 1.0 else u


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def inverse_phi(mean: cython.double, power: cython.double) -> cython.double:
    """Return the v whose phi(v) is given."""
    if power == 1.0:
        return mean
    if power == 0.0:
        return exp(mean)
    if power == -1.0:
        return 1.0 / mean if mean > 0.0 else INFINITY
    return pow(mean, 1.0 / power)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def slope(v: cython.double, raised: cython.double, power: cython.double) -> cython.double:
    """Return v ** (p - 1), the derivative of phi up to a constant; `raised` is phi(v).

    Without a floor it is infinite at 0, and says nothing of how far an error of some size
    carries; so it is taken at `LEAST_SLOPE` at least.
    """
    if power == 1.0:
        return 1.0
    if v < LEAST_SLOPE:
        return pow(LEAST_SLOPE, power - 1.0)
    return (1.0 if power == 0.0 else raised) / v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def gain_claim(raised: cython.double, raised_floor: cython.double) -> cython.double:
    """Return |phi(v) - phi(0)|, what a part claims of gains.

    Where a zero sinks the node (no floor, power <= 0) phi(0) is infinite; in the limit of small
    floors every part claims alike.
    """
    if fabs(raised_floor) == INFINITY:
        return 1.0
    return fabs(raised - raised_floor)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def loss_claim(raised: cython.double, power: cython.double) -> cython.double:
    """Return |phi(1) - phi(v)|, what a part claims of losses; a zero that sinks takes them all."""
    # phi(1) is 1, and 0 where phi is the logarithm.
    claim: cython.double = fabs((0.0 if power == 0.0 else 1.0) - raised)
    return MOST_CLAIM if claim > MOST_CLAIM else claim


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def add_signals(t: Tables, w: Work, n: cython.Py_ssize_t, at: cython.Py_ssize_t) -> cython.void:
    """Add the signals of a node to its sums.

    With b = w kappa slope(v) a node sums, for the variance of the index,
    (1 - rho) (b q)^2 + (1 - rho_e) b^2 q r, then b q, and b sqrt(q r).
    """
    s: cython.Py_ssize_t
    power: cython.double = t.power[n]
    floor: cython.double = t.floor[n]
    total: cython.double = w.total[n]
    mean: cython.double = w.mean[n]
    prior: cython.double = w.prior[n]
    doubt: cython.double = w.doubt[n]
    single: cython.double = w.single[n]
    common: cython.double = w.common[n]
    shared: cython.double = w.shared[n]
    below_full: cython.double = w.below_full[n]
    own: cython.double = 1.0 - t.rho
    own_evidence: cython.double = 1.0 - t.rho_evidence
    weight: cython.double
    lifted: cython.double
    raised: cython.double
    b: cython.double
    bq: cython.double
    spread: cython.double
    for s in range(t.first_signal[n], t.last_signal[n]):
        weight = w.w[s]
        if weight == 0.0:
            w.claim[s] = w.raised[s] = 0.0
            continue
        b = weight * t.kappa[at + s]
        raised = w.u[s]
        if power != 1.0:
            lifted = floored(w.u[s], power, floor)
            raised = phi(lifted, power)
            b = b * slope(lifted, raised, power)
        w.raised[s] = raised
        w.claim[s] = weight * loss_claim(raised, power)
        total += weight
        mean += weight * raised
        prior += weight * t.raised_prior[at + s]
        doubt += weight * w.q[s]
        below_full += w.claim[s]
        bq = b * w.q[s]
        spread = bq * (b - bq)
        single += own * (bq * bq) + own_evidence * spread
        common += bq
        shared += sqrt(spread)
    w.total[n] = total
    w.mean[n] = mean
    w.prior[n] = prior
    w.doubt[n] = doubt
    w.single[n] = single
    w.common[n] = common
    w.shared[n] = shared
    w.below_full[n] = below_full


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def close(t: Tables, w: Work, n: cython.Py_ssize_t) -> cython.void:
    """Turn the sums of a node into what they come to: utility, doubt, prior, and its errors.

    A node none of whose signals applies has no weight in its parent. Its own utility is 1.
    """
    power: cython.double = t.power[n]
    value: cython.double
    step: cython.double
    if not w.total[n] > 0.0:
        w.node_u[n] = w.prior[n] = 1.0
        return
    value = w.mean[n] / w.total[n]
    step = 1.0 / (w.total[n] * slope(inverse_phi(value, power), value, power))
    w.node_u[n] = mean_utility(value, power, t.floor[n])
    w.prior[n] = mean_utility(w.prior[n] / w.total[n], power, t.floor[n])
    w.doubt[n] = w.doubt[n] / w.total[n]
    w.single[n] = step * step * w.single[n]
    w.common[n] = step * w.common[n]
    w.shared[n] = step * w.shared[n]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hand_up(
    t: Tables,
    w: Work,
    n: cython.Py_ssize_t,
    weight: cython.double,
) -> cython.void:
    """Add a node to the sums of its parent, as a signal with the node's utility and errors."""
    parent: cython.Py_ssize_t = t.parent[n]
    power: cython.double = t.power[parent]
    floor: cython.double = t.floor[parent]
    lifted: cython.double = floored(w.node_u[n], power, floor)
    raised: cython.double = phi(lifted, power)
    step: cython.double = weight * slope(lifted, raised, power)
    w.node_w[n] = weight
    w.node_raised[n] = raised
    w.total[parent] += weight
    w.mean[parent] += weight * raised
    w.prior[parent] += weight * phi(floored(w.prior[n], power, floor), power)
    w.doubt[parent] += weight * w.doubt[n]
    w.single[parent] += step * step * w.single[n]
    w.common[parent] += step * w.common[n]
    w.shared[parent] += step * w.shared[n]
    w.below_full[parent] += weight * loss_claim(raised, power)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def climb(t: Tables, w: Work, v: cython.Py_ssize_t) -> cython.void:
    """Fold the tree: children stand before their parents, and the index itself last."""
    n: cython.Py_ssize_t
    nodes: cython.Py_ssize_t = t.parent.shape[0]
    weight: cython.double
    for n in range(nodes):
        w.total[n] = w.mean[n] = w.prior[n] = w.doubt[n] = 0.0
        w.single[n] = w.common[n] = w.shared[n] = w.below_full[n] = 0.0
        w.node_w[n] = w.node_raised[n] = 0.0
    for n in range(nodes):
        add_signals(t, w, n, v * t.node.shape[0])
        close(t, w, n)
        if t.parent[n] >= 0 and w.total[n] > 0.0:
            weight = t.node_weight[v * nodes + n]
            if t.weight_by[n] >= 0 and w.cell[t.weight_by[n]] == w.cell[t.weight_by[n]]:
                weight = weight * w.cell[t.weight_by[n]]
            if weight > 0.0:
                hand_up(t, w, n, weight)


# The statement ---------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def share_losses(t: Tables, w: Work, raw: cython.double) -> cython.void:
    """Find how many lost points a claim is worth in every node, from the index down.

    A part of a node claims losses by w |phi(1) - phi(v)|.
    """
    n: cython.Py_ssize_t
    parent: cython.Py_ssize_t
    lost: cython.double
    for n in range(t.parent.shape[0] - 1, -1, -1):
        parent = t.parent[n]
        lost = 100.0 - raw
        if parent >= 0:
            lost = 0.0
            if w.node_w[n] > 0.0:
                lost = w.node_w[n] * loss_claim(w.node_raised[n], t.power[parent])
                lost = lost * w.lost_each[parent]
        w.lost_each[n] = lost / w.below_full[n] if w.below_full[n] > 0.0 else 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def share_gains(t: Tables, w: Work, raw: cython.double) -> cython.void:
    """Find how many gained points a claim is worth in every node, and how much of the index.

    A part of a node claims gains by w |phi(v) - phi(0)|. Only a statement tells them.
    """
    n: cython.Py_ssize_t
    s: cython.Py_ssize_t
    parent: cython.Py_ssize_t
    gained: cython.double
    share: cython.double
    for n in range(t.parent.shape[0]):
        w.above_floor[n] = 0.0
    for n in range(t.parent.shape[0]):
        for s in range(t.first_signal[n], t.last_signal[n]):
            if w.w[s] != 0.0:
                w.above_floor[n] += w.w[s] * gain_claim(w.raised[s], t.raised_floor[n])
        parent = t.parent[n]
        if parent >= 0 and w.node_w[n] > 0.0:
            gained = gain_claim(w.node_raised[n], t.raised_floor[parent])
            w.above_floor[parent] += w.node_w[n] * gained
    for n in range(t.parent.shape[0] - 1, -1, -1):
        parent = t.parent[n]
        gained, share = raw, 1.0
        if parent >= 0:
            gained = share = 0.0
            if w.node_w[n] > 0.0:
                share = w.node_w[n] * w.share_each[parent]
                gained = w.node_w[n] * gain_claim(w.node_raised[n], t.raised_floor[parent])
                gained = gained * w.gained_each[parent]
        w.gained_each[n] = gained / w.above_floor[n] if w.above_floor[n] > 0.0 else 0.0
        w.share_each[n] = share / w.total[n] if w.total[n] > 0.0 else 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def write_statement(t: Tables, w: Work, found: Found, row: cython.Py_ssize_t) -> cython.void:
    """Write down what every signal gained and lost, and what it rests on."""
    s: cython.Py_ssize_t
    n: cython.Py_ssize_t
    for s in range(t.node.shape[0]):
        if not t.collected[s]:
            continue
        n = t.node[s]
        found.utility[row, s] = w.u[s]
        found.reliability[row, s] = 1.0 - w.q[s]
        found.value[row, s] = exp(w.x[s]) if t.evidence[s] == LOG_MEAN else w.x[s]
        found.applies[row, s] = w.w[s] > 0.0
        found.held_back[row, s] = w.held_back[s]
        found.share[row, s] = w.w[s] * w.share_each[n]
        if w.w[s] > 0.0:
            found.gained[row, s] = (
                w.w[s] * gain_claim(w.raised[s], t.raised_floor[n]) * w.gained_each[n]
            )
            found.lost[row, s] = w.claim[s] * w.lost_each[n]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def name_reasons(t: Tables, w: Work, found: Found, row: cython.Py_ssize_t) -> cython.void:
    """Find the signals that lost most; the earlier signal goes before one that lost the same."""
    s: cython.Py_ssize_t
    place: cython.Py_ssize_t
    points: cython.double
    least: cython.double = 0.0
    for place in range(REASONS):
        found.reason_signal[place, row] = 0
        found.reason_points[place, row] = 0.0
    # Nearly all signals lose less than the least of the three found so far.
    for s in range(t.node.shape[0]):
        points = w.claim[s] * w.lost_each[t.node[s]]
        if points > least:
            place = REASONS - 1
            while place > 0 and points > found.reason_points[place - 1, row]:
                found.reason_points[place, row] = found.reason_points[place - 1, row]
                found.reason_signal[place, row] = found.reason_signal[place - 1, row]
                place -= 1
            found.reason_points[place, row] = points
            found.reason_signal[place, row] = s
            least = found.reason_points[REASONS - 1, row]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def count_unknown(w: Work, found: Found) -> cython.void:
    """Count the signals that apply without evidence, or whose figure is held back."""
    at: cython.Py_ssize_t
    s: cython.Py_ssize_t
    for at in range(w.bare_count):
        s = w.bare[at]
        if w.w[s] > 0.0:
            found.unknown[s] += 1 - w.alone[s]
            found.withheld[s] += w.held_back[s]
            found.without_whole[s] += w.alone[s]


# Rules, status and tier ------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fires(t: Tables, w: Work, v: cython.Py_ssize_t, r: cython.Py_ssize_t) -> cython.bint:
    """Return whether a rule fires: all its conditions hold; a blank makes none true.

    A rate cap asks k >= min_count and k >= line n + 1.645 sqrt(line n), a one-sided 95 % bound
    on a Poisson count.
    """
    c: cython.Py_ssize_t
    k: cython.double
    expected: cython.double
    if not t.readable[r] or t.points[v * t.veto.shape[0] + r] != t.points[v * t.veto.shape[0] + r]:
        return False
    if t.part_column[r] >= 0:
        k = w.cell[t.part_column[r]]
        expected = t.line[v * t.veto.shape[0] + r] * w.cell[t.whole_column[r]]
        return k >= t.min_count[r] and k >= expected + Z95 * sqrt(expected)
    for c in range(t.first_fires[r], t.last_fires[r]):
        if w.met[c] != 1:
            return False
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def within(index: cython.double, moved: cython.double, cap: cython.double) -> cython.double:
    """Return an index after points, the limits of the scale and the lowest cap."""
    index = index + moved
    index = 0.0 if index < 0.0 else index
    index = 100.0 if index > 100.0 else index
    return cap if index > cap else index


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def adjust(
    t: Tables, w: Work, v: cython.Py_ssize_t, found: Found, row: cython.Py_ssize_t
) -> cython.void:
    """Apply bonuses and deductions, the limits of the scale, holds, the lowest cap, and vetoes."""
    r: cython.Py_ssize_t
    rules: cython.Py_ssize_t = t.veto.shape[0]
    points: cython.double
    cases: cython.double
    moved: cython.double = 0.0
    cap: cython.double = INFINITY
    hold: cython.double = INFINITY
    height: cython.double
    unheld: cython.double
    now: cython.double
    veto: cython.int = 0
    raw: cython.double = found.raw[row]
    se: cython.double = found.se[row]
    low: cython.double = raw - Z95 * se
    high: cython.double = raw + Z95 * se
    scored: cython.bint = found.coverage[row] > 0.0
    for r in range(rules):
        found.fired[r, row] = fires(t, w, v, r)
        if not found.fired[r, row]:
            continue
        points = t.points[v * t.veto.shape[0] + r]
        if t.sign[r] != 0.0:
            if t.per_column[r] >= 0:
                cases = w.cell[t.per_column[r]]
                points = points * (cases if cases == cases else 0.0)
                points = t.most[r] if points > t.most[r] else points
            points = t.sign[r] * points
            moved += points
            if found.statement:
                found.adjustments[row, r] = points
            continue
        veto = t.veto[r] if t.veto[r] > veto else veto
        if t.veto[r] == CAP:
            cap = points if points < cap else cap
    found.veto[row] = veto
    unheld = within(raw, moved, INFINITY)
    now = unheld
    for r in range(rules):
        if t.above_column[r] < 0 or not found.fired[r, row]:
            continue
        if not scored:
            found.fired[r, row] = False
            continue
        height = w.cell[t.above_column[r]] + t.points[v * t.veto.shape[0] + r]
        height = 0.0 if height < 0.0 else height
        # A blank is below nothing, so that it holds nobody. The upper end is held where the index
        # is not, or a better figure would lower it at the height.
        hold = height if height < hold else hold
        found.fired[r, row] = height < now
        if found.fired[r, row]:
            if found.statement:
                found.adjustments[row, r] = height - now
            now = height
    low = 0.0 if low < 0.0 else low
    high = 100.0 if high > 100.0 else high
    found.uncapped[row] = now if scored else NAN
    cap = hold if hold < cap else cap
    found.index[row] = within(raw, moved, cap) if scored else NAN
    found.lower[row] = within(low, moved, cap) if scored else NAN
    found.upper[row] = within(high, moved, cap) if scored else NAN
    if found.statement:
        found.adjustments[row, rules] = unheld - (raw + moved)
        found.adjustments[row, rules + 1] = within(raw, moved, cap) - now


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def status_of(t: Tables, w: Work, v: cython.Py_ssize_t, coverage: cython.double) -> cython.int:
    """Return how much an index is worth: the first of the statuses that holds.

    What was not collected counts as not covered: coverage of a part of the scorecard is no more
    than that part of its weight.
    """
    orders: cython.double
    if not coverage > 0.0:
        return NOT_SCORED
    if t.new_column >= 0:
        orders = w.cell[t.new_column]
        if (orders if orders == orders else 0.0) < t.new_below:
            return NEW
    return LOW_EVIDENCE if coverage * t.collected_share[v] < t.low_coverage else FORMAL


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def tier_of(
    ladder: Ladder,
    index: cython.double,
    se: cython.double,
    coverage: cython.double,
    formal: cython.bint,
    vetoed: cython.bint,
    previous: cython.int,
    days: cython.double,
    below: cython.double,
) -> cython.int:
    """Return the position of a merchant on the ladder, from 0.

    Up to the entry tier the index alone decides. A higher tier is entered by a formal merchant
    with index - z se >= at and coverage >= c, one step a review; it is kept while
    index >= at - hysteresis and coverage >= c - margin. Below that the merchant leaves, after
    `reviews_below` reviews in a row when the count of earlier ones (`below`) is known, and no
    sooner than the minimum stay when the `days` in the tier are. A veto takes a merchant out of
    the higher tiers at once, and leaves the entry tier and those below without hysteresis.
    """
    step: cython.int
    enter: cython.int = 0
    stay: cython.int = 0
    entered: cython.bint = True
    stayed: cython.bint = True
    # A cap just under the entry tier would otherwise be forgiven by the hysteresis.
    margin: cython.double = 0.0 if vetoed else ladder.hysteresis
    young: cython.bint = days < ladder.minimum_stay_days
    result: cython.int
    for step in range(1, ladder.tiers):
        if step <= ladder.entry:
            entered = entered and index >= ladder.at[step]
            stayed = stayed and index >= ladder.at[step] - margin
        else:
            entered = (
                entered
                and formal
                and not vetoed
                and index - ladder.z * se >= ladder.at[step]
                and coverage >= ladder.coverage[step]
            )
            stayed = (
                stayed
                and not vetoed
                and index >= ladder.at[step] - ladder.hysteresis
                and coverage >= ladder.coverage[step] - ladder.coverage_margin
            )
        enter += entered
        stay += stayed
    if previous < 0:
        return enter
    if enter > previous:
        # One step up a review, counted from the tier held, never above what may be entered.
        result = previous + 1 if previous + 1 > ladder.entry else ladder.entry
        result = enter if enter < result else result
    else:
        result = stay if stay < previous else previous
    if result < previous and not vetoed and (young or below + 1.0 < ladder.reviews_below):
        return previous
    if result > previous and young:
        return previous
    return result


# One merchant after the other ------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def write_index(t: Tables, w: Work, found: Found, row: cython.Py_ssize_t) -> cython.void:
    """Write down the index, its standard error, coverage, prior index and dimensions."""
    n: cython.Py_ssize_t
    root: cython.Py_ssize_t = t.parent.shape[0] - 1
    variance: cython.double = (
        w.single[root]
        + t.rho * (w.common[root] * w.common[root])
        + t.rho_evidence * (w.shared[root] * w.shared[root])
    )
    coverage: cython.double = 1.0 - w.doubt[root] if w.total[root] > 0.0 else 0.0
    found.raw[row] = 100.0 * w.node_u[root]
    found.se[row] = 100.0 * sqrt(variance if variance > 0.0 else 0.0)
    found.prior[row] = 100.0 * w.prior[root]
    found.coverage[row] = coverage if coverage > 0.0 else 0.0
    for n in range(root):
        found.dimensions[t.dimension[n], row] = 100.0 * w.node_u[n] if w.total[n] > 0.0 else NAN


def score_rows(t: Tables, w: Work, given: Given, found: Found):
    """Score some merchants, one after the other."""
    row: cython.Py_ssize_t
    place: cython.Py_ssize_t
    v: cython.Py_ssize_t
    cells: cython.const[cython.double][:, ::1] = given.cells
    with cython.nogil:
        for row in range(cells.shape[0]):
            v = given.variant[row]
            take(w, cells, row)
            find_conditions(t, w)
            find_utilities(t, w, v)
            climb(t, w, v)
            write_index(t, w, found, row)
            share_losses(t, w, found.raw[row])
            if found.statement:
                share_gains(t, w, found.raw[row])
                write_statement(t, w, found, row)
            name_reasons(t, w, found, row)
            count_unknown(w, found)
            adjust(t, w, v, found, row)
            found.status[row] = status_of(t, w, v, found.coverage[row])
            found.tier[row] = 0
            if found.status[row] == NOT_SCORED:
                for place in range(REASONS):
                    found.reason_points[place, row] = 0.0
            elif t.ladder.tiers > 0:
                found.tier[row] = 1 + tier_of(
                    t.ladder,
                    found.index[row],
                    found.se[row],
                    found.coverage[row],
                    found.status[row] == FORMAL,
                    found.veto[row] > 0,
                    given.previous[row],
                    given.days[row],
                    given.below[row],
                )


def true_rows(t: Tables, w: Work, given: Given, values, utilities, used, index, dimensions):
    """Find index and dimensions (0..1) of merchants whose every value is known, a row each.

    A utility that is given goes before the value. A value that is NaN counts as the prior. Weights
    and applicability are those of the cells.
    """
    row: cython.Py_ssize_t
    s: cython.Py_ssize_t
    n: cython.Py_ssize_t
    v: cython.Py_ssize_t
    at: cython.Py_ssize_t
    x: cython.double
    true: cython.const[cython.double][:, ::1] = values
    fixed: cython.const[cython.double][:, ::1] = utilities
    taken: cython.double[:, ::1] = used
    out: cython.double[::1] = index
    nodes: cython.double[:, :] = dimensions
    cells: cython.const[cython.double][:, ::1] = given.cells
    root: cython.Py_ssize_t = t.parent.shape[0] - 1
    with cython.nogil:
        for row in range(cells.shape[0]):
            v = given.variant[row]
            at = v * t.node.shape[0]
            take(w, cells, row)
            find_conditions(t, w)
            find_utilities(t, w, v)
            for s in range(t.node.shape[0]):
                x = true[row, s]
                if t.evidence[s] == LOG_MEAN:
                    x = log(t.least[at + s] if x < t.least[at + s] else x)
                w.u[s] = fixed[row, s]
                if w.u[s] != w.u[s]:
                    w.u[s] = curve(t, s, at, x)
                if w.u[s] != w.u[s]:
                    w.u[s] = t.prior_utility[at + s]
                taken[row, s] = w.u[s]
            climb(t, w, v)
            out[row] = w.node_u[root] if w.total[root] > 0.0 else NAN
            for n in range(root):
                nodes[t.dimension[n], row] = w.node_u[n] if w.total[n] > 0.0 else NAN


def shrink_rows(
    evidence: cython.int, values, samples, prior: cython.double, strength: cython.double, x, q
):
    """Find the shrunk value and the doubt of some merchants at one signal."""
    row: cython.Py_ssize_t
    given: cython.const[cython.double][::1] = values
    n: cython.const[cython.double][::1] = samples
    shrunk_to: cython.double[::1] = x
    doubt: cython.double[::1] = q
    with cython.nogil:
        for row in range(given.shape[0]):
            shrunk_to[row] = shrunk(evidence, given[row], n[row], prior, strength)
            doubt[row] = strength / (n[row] + strength)


def tier_rows(ladder: Ladder, index, se, coverage, formal, vetoed, previous, days, below, tier):
    """Find the position of some merchants on a ladder."""
    row: cython.Py_ssize_t
    at: cython.int[::1] = tier
    for row in range(at.shape[0]):
        at[row] = tier_of(
            ladder,
            index[row],
            se[row],
            coverage[row],
            formal[row],
            vetoed[row],
            previous[row],
            days[row],
            below[row],
        )
