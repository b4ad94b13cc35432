"""How many days after a merchant turns bad the index, its interval and its tier say so.

Run:  python -m benchmarks.index_speed [--merchants 400] [--turned 60]
      TRUSTSCORE_DATA=folder python -m benchmarks.index_speed --olist

Rates and volumes of the simulated market are those of ``trustscore simulate --logs``; the events of
each day are drawn here. A merchant of at least 60 orders a month turns when, from a known day on,
it has the rates of one of the worst fifth. Every third day the events are counted over the usual
windows, and over a week, and scored by ``default``, with a rule ``hold`` beside it. Of Olist those
sellers turned whose share of late orders rose by 20 percentage points or more from one day on, as
far as a split of their orders in two finds it; the others are those whose shares differ by less
than 10. Their exports are counted from the raw tables every ninth day.

Each figure is compared with what it was for the merchant on the days before, and alarms on the
first day from which on it stays lower by a margin. Margins are such that 5 % of the merchants who
did not turn alarm: the honest ones. Intervals are of a bootstrap over merchants.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from trustscore import score_frame
from trustscore.audit.holds import holds
from trustscore.audit.market import Market as AuditMarket
from trustscore.audit.truth import Truth
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scorecard.presets import preset_folder
from trustscore.scoring import score_columns
from trustscore.signals.files import write_signals
from trustscore.simulate.logs.decoys import Decoys
from trustscore.simulate.logs.market import Market

AS_OF = date(2026, 1, 1)
AFTER, BEFORE, STEP = 45, 15, 3
STEP_OLIST = 9
STAYS = 3
# Days of events before the first export: the longest window, and its lag.
HISTORY = 400
FALSE_ALARMS = 0.05
DRAWS = 1000
SHORT = 7
# How far the index may stand above the upper end of the week's interval, or above its index.
HOLDS = {
    f"hold, {words} + {margin}": (column, margin)
    for column, words, margins in (
        ("upper", "upper end of the week", (0,)),
        ("index", "index of the week", (0, 2, 5)),
        ("lighter", "lightly shrunk week", (0, 2, 5, 10)),
    )
    for margin in margins
}
# Priors of the lightly shrunk week weigh as much beside a week as the usual ones beside a month.
LIGHTER = 0.25
SHARES = "plain mean of the usual shares, 30 days"


def daily(merchants: int, turned: int, seed: int = 7):
    """Return a scorecard, daily events of its signals, names, who turned, and the truth.

    Rates and volumes are those of the market of ``trustscore simulate --logs``, whose draws stay as
    they are; the events of each day are drawn by a generator of their own. What has no sample
    (flags, counts of a year) stays as it is: the index hears of the turn by its events alone.
    """
    card = load_scorecard("default")
    market = Market(merchants, seed, 200, Decoys(()))
    draw = np.random.default_rng([seed, 13])
    truth = market.truth["true_index"]
    large = np.flatnonzero(market.orders >= 60)
    low, middle = np.quantile(truth[large], [0.2, 0.5])
    good, bad = large[truth[large] >= middle], large[truth[large] <= low]
    chosen = draw.choice(good, min(turned, len(good)), replace=False)
    donor = draw.choice(bad, len(chosen))
    days = HISTORY + BEFORE + AFTER
    after = HISTORY + BEFORE
    samples: dict[str, np.ndarray] = {}
    values: dict[str, np.ndarray] = {}
    for signal in card.signals:
        whole = signal.sample
        if whole is None or signal.window == 0 or signal.kind == "flag":
            continue
        if whole not in samples:
            a_day = np.nan_to_num(market.volumes[whole]) / signal.window
            samples[whole] = draw.poisson(a_day[:, None], (merchants, days)).astype(float)
        if signal.value in values:
            continue
        true = np.repeat(market.true[signal.id][:, None], days, axis=1)
        true[chosen, after:] = market.true[signal.id][donor][:, None]
        n = samples[whole]
        if signal.kind == "rate":
            found = draw.binomial(n.astype(np.int64), np.clip(true, 0, 1)).astype(float)
        elif signal.kind == "events":
            found = draw.poisson(n * np.maximum(true, 0)).astype(float)
        else:
            spread = np.where(signal.kind == "mean", 0.9, 0.8 * true)
            noise = draw.normal(size=n.shape) * np.sqrt(n) * spread
            found = np.maximum(n * true + noise, 0.0)
        values[signal.value] = found
    names = np.array([f"m{i}" for i in range(merchants)], dtype=object)
    means = (truth[chosen].mean(), truth[donor].mean())
    return card, samples, values, names, chosen, means, truth


def counted(card, samples, values, names, day: int, longest: int) -> dict[str, np.ndarray]:
    """Return the export of a day, whose windows are at most so long."""
    block = {field.name: np.full(len(names), np.nan) for field in card.inputs}
    for signal in card.signals:
        if signal.value not in values:
            continue
        end = day - signal.lag
        part = slice(end - min(signal.window, longest), end)
        n = samples[signal.sample][:, part].sum(axis=1)
        k = values[signal.value][:, part].sum(axis=1)
        block[signal.sample] = n
        with np.errstate(invalid="ignore"):
            block[signal.value] = k if signal.kind in ("rate", "events") else k / n
        if signal.range:
            block[signal.value] = np.clip(block[signal.value], *signal.range)
    return {**block, "merchant_id": names}


def simulated(merchants: int, turned: int) -> None:
    """Measure on made-up events."""
    card, samples, values, names, chosen, truth, every = daily(merchants, turned)
    found: dict[str, dict[date, pd.Series]] = {}
    lighter, bare = lighter_card("default"), lighter_card("default", 1e-6)
    when = AS_OF - timedelta(days=AFTER)
    for at in range(-BEFORE, AFTER + 1, STEP):
        day = HISTORY + BEFORE + at
        block = counted(card, samples, values, names, day, 10**6)
        short = counted(card, samples, values, names, day, SHORT)
        long = pd.DataFrame(block)
        of = beside(scored(block, card), scored(short, card), scored(short, lighter))
        of["plain mean of all signals, 30 days"] = unshrunk(
            counted(card, samples, values, names, day, 30), bare
        )
        of[SHARES] = plain(long.set_index("merchant_id"))
        for name, series in of.items():
            found.setdefault(name, {})[when + timedelta(days=at)] = series
        if at == -STEP:
            price(block, short, every)
    tables = {name: pd.DataFrame(by_day).T for name, by_day in found.items()}
    print(f"true index of those who turned: {truth[0]:.1f} before, {truth[1]:.1f} after")
    who = set(names[chosen].tolist())
    honest = [name for name in names.tolist() if name not in who]
    show(tables, dict.fromkeys(names[chosen].tolist(), when), honest)


def price(block: dict[str, np.ndarray], short: dict[str, np.ndarray], truth: np.ndarray) -> None:
    """Print what the audit says of the rule `hold = 5` over the index of the week."""
    data = tomllib.loads((preset_folder() / "default.toml").read_text(encoding="utf-8"))
    above = score_columns(short, load_scorecard("default")).trust_index
    data["rules"]["memory"] = {"hold": 5, "above": "short_index"}
    held = AuditMarket({**block, "short_index": above}, parse_scorecard(data))
    for finding in holds(held, truth=Truth(truth, None)).findings:
        print(f"audit, {finding.level}: {finding.text}")


def scored(block: dict[str, np.ndarray], card) -> pd.DataFrame:
    """Return the scores of a block as a frame."""
    scores = score_columns(block, card)
    return pd.DataFrame(
        {
            "trust_index": scores.trust_index,
            "trust_index_upper": scores.trust_index_upper,
            "tier": scores.tier,
        },
        index=block["merchant_id"],
    )


def lighter_card(name: str, scale: float = LIGHTER):
    """Return a preset whose priors weigh less."""
    data = tomllib.loads((preset_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    data.setdefault("index", {})["strength_scale"] = scale
    return parse_scorecard(data)


def beside(long: pd.DataFrame, short: pd.DataFrame, lighter: pd.DataFrame) -> dict[str, pd.Series]:
    """Return every figure of a day by merchant."""
    short, lighter = short.reindex(long.index), lighter.reindex(long.index)
    of = {
        "index": long["trust_index"],
        "upper end of its interval": long["trust_index_upper"],
        "index of the week": short["trust_index"],
        "lightly shrunk week": lighter["trust_index"],
    }
    columns = {
        "upper": short["trust_index_upper"],
        "index": short["trust_index"],
        "lighter": lighter["trust_index"],
    }
    for name, (column, margin) in HOLDS.items():
        of[name] = np.fmin(long["trust_index"], columns[column] + margin)
    return {**of, "tier": long["tier"]}


def figures(data: Path, days: list[date], work: Path) -> dict[str, pd.DataFrame]:
    """Return every figure of Olist's sellers by day and seller."""
    week = work / "week.toml"
    week.write_text(
        f'name = "week"\nversion = "1.0.0"\nextends = "olist"\nlongest_window = {SHORT}\n'
    )
    lighter = lighter_card("olist")
    examples = Path(__file__).resolve().parent.parent / "examples"
    found: dict[str, dict[date, pd.Series]] = {}
    for day in days:
        frames = {}
        for name, definitions in (("long", "olist"), ("short", str(week))):
            out = work / f"{name}.csv"
            write_signals(
                data,
                out,
                as_of=day,
                definitions=definitions,
                mapping=examples / "olist_logs.toml",
                work=work / "store",
                allow_short_logs=True,
            )
            frames[name] = pd.read_csv(out, dtype={"merchant_id": str})
        long, short, light = (
            score_frame(frames[name], card, allow_missing_columns=True).set_index("merchant_id")
            for name, card in (("long", "olist"), ("short", "olist"), ("short", lighter))
        )
        of = beside(long, short, light)
        of[SHARES] = plain(frames["long"].set_index("merchant_id"))
        for name, series in of.items():
            found.setdefault(name, {})[day] = series
        print(f"  {day}: {len(long)} sellers", file=sys.stderr, flush=True)
    return {name: pd.DataFrame(by_day).T for name, by_day in found.items()}


def unshrunk(block: dict[str, np.ndarray], bare) -> pd.Series:
    """Return the mean of what each signal with events is worth, all alike and as it is."""
    scores = score_columns(block, bare, "all")
    known = (scores.reliability > 0.5) & scores.applies
    total = np.where(known, scores.utility, 0.0).sum(axis=0)
    return pd.Series(100 * total / np.maximum(known.sum(axis=0), 1), index=block["merchant_id"])


def plain(export: pd.DataFrame) -> pd.Series:
    """Return the mean over 30 days of how the shares stand that most platforms print, as they are.

    Good events over all of the events: reviews that are not negative, orders without a complaint,
    without a return for quality, picked up in time.
    """
    good = {
        ("negative_reviews", "reviews_rated"): False,
        ("complaints", "orders_paid"): False,
        ("quality_return_orders", "orders_delivered"): False,
        ("orders_picked_up_on_time", "orders_due_pickup"): True,
        ("waybills_on_time", "waybills_due"): True,
    }
    shares = []
    for (part, whole), better in good.items():
        if part in export and whole in export:
            share = export[part] / export[whole].where(export[whole] > 0)
            shares.append(share if better else 1 - share)
    return 100 * pd.concat(shares, axis=1).mean(axis=1)


def first_to_stay(below: np.ndarray, days: np.ndarray) -> float:
    """Return the first day from which on it holds to the end, for three exports at least."""
    run = np.logical_and.accumulate(below[::-1])[::-1]
    return float(days[run][0]) if run[-STAYS:].all() else np.inf


def delays(
    table: pd.DataFrame, starts: dict[str, date], honest: Iterable[str]
) -> tuple[np.ndarray, float, float]:
    """Return the delays of those who turned, the margin, and the share of false alarms.

    `starts` holds the day on which each turned; those who did not are judged as if they had
    turned in the middle of the days.
    """
    days = np.array(list(table.index))
    middle = days[len(days) * BEFORE // (BEFORE + AFTER)]

    def fall(name: str, start: date) -> tuple[np.ndarray, np.ndarray] | None:
        series = table[name].astype(float)
        before = series[days < start].tail(BEFORE // STEP)
        after = series[(days >= start) & (days <= start + timedelta(days=AFTER))]
        if before.notna().sum() < 2 or after.notna().sum() < 5:
            return None
        after = after.ffill().fillna(before.mean())
        passed = np.array([(day - start).days for day in after.index])
        return before.mean() - after.to_numpy(), passed

    falls = [each for name in honest if (each := fall(name, middle)) is not None]
    # A margin at which so many honest ones stay below it to the end of the days.
    last = [min(drop[-STAYS:]) for drop, _ in falls]
    margin = max(float(np.quantile(last, 1 - FALSE_ALARMS)), 1e-9)
    alarms = np.mean([np.isfinite(first_to_stay(drop > margin, passed)) for drop, passed in falls])
    turned = [fall(name, start) for name, start in starts.items() if name in table]
    found = [first_to_stay(d > margin, passed) for d, passed in filter(None, turned)]
    return np.array(found), margin, float(alarms)


def told(name: str, found: np.ndarray, margin: float, alarms: float) -> str:
    """Return a line of the table."""
    draw = np.random.default_rng(1)
    medians = [np.median(draw.choice(found, len(found))) for _ in range(DRAWS)]
    low, high = np.quantile(medians, [0.025, 0.975], method="nearest")
    missed = int(np.isinf(found).sum())

    def day(value: float) -> str:
        return f"{value:.0f}" if np.isfinite(value) else f"> {AFTER}"

    return (
        f"| {name} | {margin:.1f} | {alarms:.1%} | {day(float(np.median(found)))} "
        f"[{day(float(low))}, {day(float(high))}] | {missed} of {len(found)} |"
    )


def show(tables: dict[str, pd.DataFrame], starts: dict[str, date], honest: list[str]) -> None:
    """Print the table of all figures."""
    print(f"{len(starts)} turned, {len(honest)} did not")
    print("| figure | margin | false alarms | median days [95 %] | never said |")
    print("|---|---|---|---|---|")
    for name, table in tables.items():
        if name != "tier":
            print(told(name, *delays(table, starts, honest)))
    tier = tables["tier"]
    days = np.array(list(tier.index))
    found = []
    for name, start in starts.items():
        if name not in tier:
            continue
        series = tier[name]
        held = series[days < start].iloc[-1]
        after = series[(days >= start) & (days <= start + timedelta(days=AFTER))]
        passed = np.array([(day - start).days for day in after.index])
        if len(after) >= STAYS:
            found.append(first_to_stay((after != held).to_numpy(), passed))
    start = days[len(days) * BEFORE // (BEFORE + AFTER)]
    lost = [
        (tier[n][days >= start].iloc[-STAYS:] != tier[n][days < start].iloc[-1]).all()
        for n in honest
        if n in tier
    ]
    print(told("tier, another than before", np.array(found), 0.0, float(np.mean(lost))))
    for name in HOLDS:
        taken = (tables["index"][honest] - tables[name][honest]).to_numpy(dtype=float)
        taken = taken[np.isfinite(taken)]
        down = taken > 1e-9
        print(
            f"{name}: holds down {down.mean():.1%} of the days of those who did not turn, by "
            f"{taken[down].mean() if down.any() else 0.0:.1f} points; mean {taken.mean():.2f}"
        )


def jumps(data: Path, least: int = 8) -> tuple[dict[str, date], list[str]]:
    """Return sellers whose share of late orders rose, with the day, and those whose did not."""
    orders = duckdb.sql(
        f"""SELECT seller_id, min(order_purchase_timestamp)::DATE AS day,
        bool_or(order_delivered_customer_date > order_estimated_delivery_date)::INT AS late
        FROM read_csv('{data}/olist_orders_dataset.csv') AS o JOIN
        read_csv('{data}/olist_order_items_dataset.csv') AS i USING (order_id)
        WHERE order_delivered_customer_date IS NOT NULL
        AND order_purchase_timestamp BETWEEN '2017-07-01' AND '2018-02-01'
        GROUP BY seller_id, order_id ORDER BY ALL"""
    ).df()
    rose, steady = {}, []
    for seller, own in orders.groupby("seller_id"):
        late = own["late"].to_numpy(float)
        if len(late) < 2 * least:
            continue
        cuts = np.arange(least, len(late) - least)
        before = np.array([late[:cut].mean() for cut in cuts])
        after = np.array([late[cut:].mean() for cut in cuts])
        if not len(cuts):
            continue
        best = int(np.argmax(np.abs(after - before)))
        if after[best] - before[best] >= 0.2:
            rose[seller] = own["day"].iloc[cuts[best]].date()
        elif np.abs(after[best] - before[best]) < 0.1:
            steady.append(seller)
    return rose, steady


def olist(data: Path, folder: Path) -> None:
    """Measure on the sellers of Olist."""
    rose, steady = jumps(data)
    first = date(2017, 9, 1)
    days = [first + timedelta(days=at) for at in range(0, 178, STEP_OLIST)]
    last = days[-1] - timedelta(days=AFTER)
    rose = {name: day for name, day in rose.items() if days[2] <= day <= last}
    tables = figures(data, days, folder)
    steady = [name for name in steady if name in tables["index"]]
    show(tables, rose, steady)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--merchants", type=int, default=400)
    parser.add_argument("--turned", type=int, default=60)
    parser.add_argument("--olist", action="store_true")
    given = parser.parse_args()
    if not given.olist:
        simulated(given.merchants, given.turned)
        return
    with tempfile.TemporaryDirectory() as folder:
        olist(Path(os.environ["TRUSTSCORE_DATA"]) / "olist", Path(folder))


if __name__ == "__main__":
    main()
