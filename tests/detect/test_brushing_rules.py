"""Each brushing rule on a few rows: what it marks, and what looks like it and is innocent."""

import datetime as dt
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.logs.folders import table, write
from trustscore.detect.brushing.rules import RULES
from trustscore.detect.files import write_findings
from trustscore.detect.settings import load_settings, parse_settings
from trustscore.errors import InputError

AS_OF = dt.date(2026, 2, 1)


def settings(**brushing):
    """Settings under which every piece of evidence is written."""
    return parse_settings(
        {"name": "test", "version": "1.0.0", "brushing": {"queue": 0.0, **brushing}}
    )


def run(tmp_path, chosen=None, **tables):
    """Write tables, each a list of dicts, and return findings by order, and the manifest."""
    texts = {}
    for name, rows in tables.items():
        header = list(dict.fromkeys(key for row in rows for key in row))
        texts[name] = table(",".join(header), *([row.get(k, "") for k in header] for row in rows))
    out = tmp_path / "found.parquet"
    report = write_findings(
        "brushing",
        write(tmp_path / "logs", **texts),
        out,
        as_of=AS_OF,
        tz="UTC",
        allow_short_logs=True,
        settings=chosen or settings(),
    )
    rows = pq.read_table(out).to_pylist()
    return {row["subject_id"]: row for row in rows}, report.manifest


def marked(found, rule):
    """The orders that a rule marked."""
    return {
        order
        for order, row in found.items()
        if rule in [said.partition("(")[0] for said in row["evidence"].split(" ")]
    }


def order(name, at="2026-01-10 10:00", merchant="m1", buyer=None, **more):
    buyer = f"b-{name}" if buyer is None else buyer
    return {
        "merchant_id": merchant,
        "order_id": name,
        "paid_at": at,
        "buyer_id": buyer,
        "amount": "50",
        **more,
    }


def parcel(name, merchant="m1", **more):
    return {"merchant_id": merchant, "order_id": name, "shipment_id": "1", **more}


def line(name, item="i1", merchant="m1", **more):
    return {"merchant_id": merchant, "order_id": name, "line": "1", "item_id": item, **more}


def day(n, clock="10:00"):
    return f"{dt.date(2025, 12, 1) + dt.timedelta(days=n)} {clock}"


# Hard rules -------------------------------------------------------------------------------------


def test_a_waybill_of_another_buyers_order(tmp_path):
    scan = {"first_scan_at": "2026-01-11 09:00"}
    orders = [
        order("first", "2026-01-10 08:00"),
        order("second", "2026-01-10 09:00"),
        order("next-day", "2026-01-11 09:00"),
        # Bought on one day to one address: one parcel.
        order("flat-1", address_id="home"),
        order("flat-2", address_id="home"),
        # One buyer.
        order("own-1", buyer="same"),
        order("own-2", "2026-01-12 10:00", buyer="same"),
        # Unknown buyers are nobody.
        order("blank-1", buyer=""),
        order("blank-2", "2026-01-12 10:00", buyer=""),
        # The carrier used the number again.
        order("old", "2025-09-01 10:00"),
        order("again", "2026-01-12 10:00"),
        # No carrier ever scanned it: "self" is no number.
        order("self-1"),
        order("self-2", "2026-01-12 10:00"),
        # Two carriers have one number.
        order("post"),
        order("express", "2026-01-12 10:00"),
        # The broker sold the number to another shop as well.
        order("other-shop", "2026-01-12 10:00", merchant="m2"),
    ]
    addresses = {"first": "a1", "second": "a2", "next-day": "a3"}
    orders = [
        {**o, "address_id": o.get("address_id", addresses.get(o["order_id"], ""))} for o in orders
    ]
    numbers = {
        "first": "w1", "second": "w1", "next-day": "w1", "flat-1": "w2", "flat-2": "w2",
        "own-1": "w3", "own-2": "w3", "blank-1": "w4", "blank-2": "w4", "old": "w5", "again": "w5",
        "post": "w7", "express": "w7", "other-shop": "w1",
    }  # fmt: skip
    parcels = [
        parcel(
            name,
            merchant="m2" if name == "other-shop" else "m1",
            waybill_id=number,
            carrier={"post": "post", "express": "express"}.get(name, ""),
            shipped_at="2026-01-13 10:00" if name == "other-shop" else "2026-01-10 20:00",
            **({"first_scan_at": "2025-09-02 10:00"} if name == "old" else scan),
        )
        for name, number in numbers.items()
    ]
    parcels = [
        p | ({"shipped_at": "2025-09-01 20:00"} if p["order_id"] == "old" else {}) for p in parcels
    ]
    parcels = [
        p | ({"shipped_at": "2026-01-12 20:00"} if p["order_id"] == "again" else {})
        for p in parcels
    ]
    parcels += [parcel(n, waybill_id="w6") for n in ("self-1", "self-2")]
    found, _ = run(tmp_path, orders=orders, shipments=parcels)
    assert marked(found, "waybill_reused") == {"second", "next-day", "other-shop"}
    assert found["second"]["evidence"].startswith("waybill_reused(order:first)")
    assert found["second"]["score"] == pytest.approx(0.99)


def test_who_enters_the_number_of_a_competitors_parcel_does_not_have_it_excluded(tmp_path):
    # The competitor's order was paid first, but shipped later: nobody knows whose number it is.
    orders = [
        order("honest", "2026-01-10 09:00"),
        order("planted", "2026-01-08 09:00", merchant="m2"),
    ]
    parcels = [
        parcel(
            "honest",
            waybill_id="w1",
            shipped_at="2026-01-10 12:00",
            first_scan_at="2026-01-10 15:00",
        ),
        parcel(
            "planted",
            "m2",
            waybill_id="w1",
            shipped_at="2026-01-11 12:00",
            first_scan_at="2026-01-10 15:00",
        ),
    ]
    found, _ = run(tmp_path, orders=orders, shipments=parcels)
    assert marked(found, "waybill_reused") == set()
    assert marked(found, "waybill_disputed") == {"planted"}
    assert found["planted"]["score"] < 0.95


def test_placeholders_are_no_numbers_where_scans_are_not_collected(tmp_path):
    orders = [order(f"o{n}", day(2 * n)) for n in range(4)]
    parcels = [parcel(f"o{n}", waybill_id="0000") for n in range(4)]
    found, _ = run(tmp_path, orders=orders, shipments=parcels)
    assert marked(found, "waybill_reused") == {"o1", "o2", "o3"}
    strict = settings(hard={"waybill_orders": 3})
    found, _ = run(tmp_path, strict, orders=orders, shipments=parcels)
    assert marked(found, "waybill_reused") == set()


SCANS = [
    # Paid, scanned, more of the order, more of the parcel, whether it is too early.
    ("2026-01-10 12:00", "2026-01-10 10:59", {}, {}, True),
    ("2026-01-10 12:00", "2026-01-10 11:00", {}, {}, False),
    ("2026-01-10 12:00", "2026-01-10 13:00", {}, {}, False),
    # Known by day only: it may have been the evening.
    ("2026-01-10 12:00", "2026-01-10 00:00", {}, {}, False),
    ("2026-01-10 12:00", "2026-01-09 00:00", {}, {}, True),
    # A presale travels before the rest is paid.
    ("2026-01-10 12:00", "2026-01-08 10:00", {"open_at": "2026-01-12 00:00"}, {}, False),
    # Paid to the courier.
    ("2026-01-10 12:00", "2026-01-08 10:00", {}, {"delivered_at": "2026-01-10 11:30"}, False),
    ("2026-01-10 12:00", "2026-01-05 10:00", {}, {"delivered_at": "2026-01-07 11:30"}, True),
]


def test_a_scan_before_payment(tmp_path):
    orders, parcels = [], []
    for n, (paid, scan, held, arrived, _) in enumerate(SCANS):
        orders.append(order(f"o{n}", paid, **held))
        parcels.append(parcel(f"o{n}", waybill_id=f"w{n}", first_scan_at=scan, **arrived))
    # Other merchants, so that one with orders paid after delivery is an exception.
    for n in range(9):
        orders.append(order(f"usual{n}", day(n), f"m{n + 2}"))
        parcels.append(parcel(f"usual{n}", f"m{n + 2}", delivered_at=day(n + 3)))
    found, _ = run(tmp_path, orders=orders, shipments=parcels)
    early = {f"o{n}" for n, case in enumerate(SCANS) if case[-1]}
    assert marked(found, "scan_before_payment") == early


def test_a_market_that_sells_on_credit(tmp_path):
    def late(merchant):
        return (
            order(f"{merchant}-late", "2026-01-20 10:00", merchant),
            parcel(
                f"{merchant}-late",
                merchant,
                waybill_id=f"w-{merchant}",
                first_scan_at="2026-01-05 10:00",
                delivered_at="2026-01-08 10:00",
            ),
        )

    usual = [order(f"o{n}", day(n), f"m{n}") for n in range(10)]
    sent = [
        parcel(f"o{n}", f"m{n}", waybill_id=f"w{n}", delivered_at=day(n + 3)) for n in range(10)
    ]
    # One merchant of ten with orders paid after delivery is remarkable, three are a custom.
    for merchants, caught in ((["m1"], {"m1-late"}), (["m1", "m2", "m3"], set())):
        orders, parcels = zip(*map(late, merchants), strict=True)
        found, _ = run(tmp_path, orders=[*usual, *orders], shipments=[*sent, *parcels])
        assert marked(found, "scan_before_payment") == caught


def test_what_was_added_to_a_parcel_on_its_way_was_not_scanned_too_early(tmp_path):
    orders = [order("o1", buyer="b"), order("o2", "2026-01-12 10:00", buyer="b")]
    parcels = [parcel(o, waybill_id="w", first_scan_at="2026-01-10 18:00") for o in ("o1", "o2")]
    found, _ = run(tmp_path, orders=orders, shipments=parcels)
    assert found == {}


def test_scans_of_the_carrier_stand_in_for_those_of_parcels(tmp_path):
    event = {"merchant_id": "m1", "waybill_id": "w", "at": "2026-01-08 10:00", "code": "picked_up"}
    found, _ = run(
        tmp_path,
        orders=[order("o1")],
        shipments=[parcel("o1", waybill_id="w")],
        tracking_events=[event],
    )
    assert marked(found, "scan_before_payment") == {"o1"}


def test_identifiers_of_the_merchant(tmp_path):
    own = [
        {"merchant_id": "m1", "kind": "device", "value": "phone", "last_seen": ""},
        {"merchant_id": "m1", "kind": "pay_account", "value": "purse", "last_seen": ""},
        {"merchant_id": "m1", "kind": "address", "value": "store", "last_seen": ""},
        {"merchant_id": "m1", "kind": "device", "value": "sold", "last_seen": "2025-06-01 10:00"},
        # An equal value of another kind, and one of another merchant.
        {"merchant_id": "m1", "kind": "phone", "value": "same", "last_seen": ""},
        {"merchant_id": "m2", "kind": "device", "value": "theirs", "last_seen": ""},
        # The building of six merchants.
        *(
            {"merchant_id": f"m{n}", "kind": "address", "value": "tower", "last_seen": ""}
            for n in range(1, 7)
        ),
    ]
    orders = [
        order("device", device_id="phone"),
        order("purse", pay_account_id="purse"),
        order("store", address_id="store"),
        order("sold", device_id="sold"),
        order("kind", device_id="same"),
        order("theirs", device_id="theirs"),
        order("tower", address_id="tower"),
        order("gift", device_id="phone", order_type="gift"),
        order("long-ago", "2025-07-01 10:00", device_id="phone"),
    ]
    found, _ = run(tmp_path, orders=orders, identities=own)
    assert marked(found, "own_identity") == {"device", "purse", "store"}
    assert found["purse"]["evidence"] == "own_identity(pay_account)"


# Soft rules -------------------------------------------------------------------------------------


def test_a_light_parcel(tmp_path):
    # 1,000 g is usual: 199 g is light, 200 g is not; a third of the parcels are nearly empty.
    weights = {f"o{n}": 1000 for n in range(8)} | {"light": 199, "line": 200, "zero": 0}
    orders = [order(name, day(n)) for n, name in enumerate([*weights, "two", "split", "big"])]
    lines = [line(name, quantity="1") for name in weights]
    lines += [line("two"), line("two", "i2") | {"line": "2"}, line("split", quantity="1")]
    lines += [line("big", quantity="9")]
    parcels = [parcel(name, weight_g=weight) for name, weight in weights.items()]
    parcels += [
        parcel("two", weight_g=10),
        parcel("split", weight_g=100),
        parcel("split", weight_g="") | {"shipment_id": "2"},
        parcel("big", weight_g=10),
    ]
    found, _ = run(tmp_path, orders=orders, order_items=lines, shipments=parcels)
    assert marked(found, "light_parcel") == {"light"}


def test_orders_with_hard_evidence_make_no_median(tmp_path):
    heavy, empty = [f"h{n}" for n in range(8)], [f"e{n}" for n in range(12)]
    orders = [order(name, day(n % 9)) for n, name in enumerate(heavy)]
    orders += [order(name, day(n), device_id="own") for n, name in enumerate(empty)]
    orders += [order("light", day(20))]
    names = [*heavy, *empty, "light"]
    parcels = [parcel(n, weight_g=1000 if n in heavy else 50) for n in names]
    own = [{"merchant_id": "m1", "kind": "device", "value": "own"}]
    found, _ = run(
        tmp_path,
        orders=orders,
        order_items=[line(n) for n in names],
        shipments=parcels,
        identities=own,
    )
    assert marked(found, "light_parcel") == {"light", *empty}


def test_delivered_too_soon(tmp_path):
    orders, parcels = [], []
    for n in range(22):
        name, hours = f"o{n}", {0: 4, 1: 5}.get(n, 48)
        orders.append(order(name, "2026-01-05 10:00"))
        scan = dt.datetime(2026, 1, 6, 9)
        arrived = scan + dt.timedelta(hours=hours)
        parcels.append(parcel(name, first_scan_at=scan, delivered_at=arrived, to_region="north"))
    # Of another region, where two hours are usual for all that is known.
    orders.append(order("near"))
    parcels.append(
        parcel(
            "near",
            first_scan_at="2026-01-11 09:00",
            delivered_at="2026-01-11 11:00",
            to_region="here",
        )
    )
    found, _ = run(tmp_path, orders=orders, shipments=parcels)
    assert marked(found, "delivered_too_soon") == {"o0"}


def test_an_identifier_of_several_buyers(tmp_path):
    kinds = {"shared_device": "device_id", "shared_address": "address_id", "shared_ip": "ip"}
    orders = []
    for column in kinds.values():
        orders += [order(f"near-{column}{n}", day(n), **{column: "x"}) for n in range(5)]
        # Five buyers, but eight days: and one buyer many times.
        orders += [order(f"far-{column}{n}", day(2 * n), **{column: "y"}) for n in range(5)]
        orders += [order(f"one-{column}{n}", day(n), buyer="b", **{column: "z"}) for n in range(9)]
    found, _ = run(tmp_path, orders=orders)
    for rule, column in kinds.items():
        assert marked(found, rule) == {f"near-{column}{n}" for n in range(5)}


def crowd(merchants, category="home"):
    """Ten buyers of one address, each with an order at each merchant on three days."""
    return [
        order(f"{m}-{b}-{n}", day(n), m, f"b{b}", address_id="dorm", category=category)
        for m in merchants
        for b in range(10)
        for n in range(1)
    ]


def test_public_exempt_and_consumable_addresses_say_nothing(tmp_path):
    few = run(tmp_path, orders=crowd(["m1", "m2"]))[0]
    assert len(marked(few, "shared_address")) == 20
    many = run(tmp_path, orders=crowd([f"m{n}" for n in range(10)]))[0]
    assert marked(many, "shared_address") == set()
    exempt = run(tmp_path, settings(exempt_addresses=["dorm"]), orders=crowd(["m1", "m2"]))[0]
    assert marked(exempt, "shared_address") == set()
    food = run(tmp_path, orders=crowd(["m1", "m2"], "Snacks"))[0]
    assert marked(food, "shared_address") == set()


def circle(shops, buyers, name, orders=6):
    """Buyers that buy at these shops only."""
    return [
        order(f"{name}-{b}-{n}", day(10 + n), shops[n % len(shops)], f"{name}-{b}")
        for b in range(buyers)
        for n in range(orders)
    ]


def test_buyers_of_a_closed_circle(tmp_path):
    market = [
        order(f"w{b}-{n}", day(n), f"shop{(7 * b + n * (b + 1)) % 40}", f"w{b}")
        for b in range(150)
        for n in range(6)
    ]
    ring = circle(["r1", "r2"], 6, "ring")
    loyal = circle(["m1"], 6, "loyal")
    pair = circle(["shop1", "shop2"], 2, "pair")
    found, _ = run(tmp_path, orders=[*market, *ring, *loyal, *pair])
    assert marked(found, "few_merchants") == {o["order_id"] for o in ring}
    eats = [o | {"category": "food"} for o in ring]
    found, _ = run(tmp_path, orders=[*market, *eats])
    assert marked(found, "few_merchants") == set()


def test_two_popular_shops_share_buyers_by_chance(tmp_path):
    # Everybody buys at the same two shops: that many are no circle.
    found, _ = run(tmp_path, orders=circle(["big1", "big2"], 40, "everybody"))
    assert marked(found, "few_merchants") == set()


def test_the_same_thing_again_and_again(tmp_path):
    orders = [order(f"soon{n}", day(n), buyer="b1") for n in range(4)]
    orders += [order(f"late{n}", day(3 * n), buyer="b2") for n in range(4)]
    orders += [order(f"mixed{n}", day(n), buyer="b3") for n in range(4)]
    orders += [order(f"food{n}", day(n), buyer="b4", category="food") for n in range(4)]
    lines = [line(o["order_id"]) for o in orders]
    lines = [x | ({"item_id": x["order_id"]} if "mixed" in x["order_id"] else {}) for x in lines]
    found, _ = run(tmp_path, orders=orders, order_items=lines)
    assert marked(found, "repeated_item") == {f"soon{n}" for n in range(4)}


def test_next_to_nothing_of_the_list_price(tmp_path):
    prices = {
        "cheap": ("5", "100"),
        "dear": ("5.01", "100"),
        "none": ("0", "0"),
        "free": ("0", "9"),
    }
    lines = [line(n, price=p, list_price=q) for n, (p, q) in prices.items()]
    # A gift beside what was paid for.
    lines += [
        line("gift", price="80", list_price="100"),
        line("gift", "i2", price="0", list_price="50") | {"line": "2"},
        line("unknown", price="1", list_price=""),
    ]
    names = [*prices, "gift", "unknown"]
    found, _ = run(tmp_path, orders=[order(n) for n in names], order_items=lines)
    assert marked(found, "price_off_list") == {"cheap", "free"}


def hour(prefix, minute_orders, buyers, **more):
    return [
        order(f"{prefix}{n}", f"2026-01-10 10:{n:02}", buyer=buyers[n], **more)
        for n in range(minute_orders)
    ]


def test_an_hour_full_of_new_buyers(tmp_path):
    usual = [order(f"u{n}", day(n)) for n in range(40)]
    burst = hour("x", 12, [f"new{n}" for n in range(12)])
    found, _ = run(tmp_path, orders=[*usual, *burst])
    assert marked(found, "burst_hour") == {o["order_id"] for o in burst}
    live = [o | {"channel": "live"} for o in burst]
    assert marked(run(tmp_path, orders=[*usual, *live])[0], "burst_hour") == set()
    # Seven of twelve are old customers.
    old = hour("x", 12, [*(f"b-u{n}" for n in range(7)), *(f"new{n}" for n in range(5))])
    assert marked(run(tmp_path, orders=[*usual, *old])[0], "burst_hour") == set()


PRAISE = "such a wonderful thing, everybody in the family loves it, never saw better work"


def review(name, at, stars=5, text=PRAISE, merchant="m1", **more):
    return {
        "review_id": f"r-{name}",
        "merchant_id": merchant,
        "order_id": name,
        "created_at": at,
        "buyer_id": f"b-{name}",
        "stars": stars,
        "text": text,
        **more,
    }


def test_copied_praise(tmp_path):
    names = ["soon", "late", "unhappy", "plain"]
    orders = [order(n) for n in names]
    parcels = [parcel(n, delivered_at="2026-01-13 10:00") for n in names]
    reviews = [
        review("soon", "2026-01-14 10:00"),
        review("late", "2026-01-14 10:01"),
        review("unhappy", "2026-01-14 10:00", stars=1),
        review("plain", "2026-01-14 10:00", text="in my own words this is just a good product"),
    ]
    found, _ = run(tmp_path, orders=orders, shipments=parcels, reviews=reviews)
    assert marked(found, "copied_praise_soon") == {"soon"}
    assert marked(found, "copied_praise") == {"late"}
    assert "review:r-soon" in found["soon"]["evidence"]


def test_reviews_of_orders_that_are_not_judged_mark_nothing(tmp_path):
    orders = [order("gift", order_type="gift"), order("old", "2025-06-01 10:00"), order("normal")]
    names = ["gift", "old", "normal", "orphan"]
    reviews = [review(n, "2026-01-14 10:00") for n in names]
    found, _ = run(tmp_path, orders=orders, reviews=reviews)
    assert set(found) == {"normal"}


def test_praise_apart_from_all_others(tmp_path):
    reviews = [review(f"o{n}", day(n), stars=2, text=f"text {n}") for n in range(5)]
    reviews += [review("five", day(9), text="text")]
    found, manifest = run(tmp_path, reviews=reviews)
    assert marked(found, "praise_apart") == {"five"}
    assert "light_parcel" in manifest["facts"]["rules_not_run"]
    fewer, _ = run(tmp_path, reviews=reviews[1:])
    assert fewer == {}


def test_an_account_that_brushed_here_before(tmp_path):
    own = [{"merchant_id": "m1", "kind": "device", "value": "own"}]
    orders = [
        order("known", buyer="b", device_id="own"),
        order("more", day(3), buyer="b"),
        order("clean", day(5), buyer="b"),
        order("elsewhere", day(3), "m2", buyer="b"),
        order("other", day(3)),
    ]
    cheap = [
        line(n, merchant="m2" if n == "elsewhere" else "m1", price="1", list_price="100")
        for n in ("more", "elsewhere", "other")
    ]
    found, _ = run(tmp_path, orders=orders, order_items=cheap, identities=own)
    # Not what shows nothing by itself, nor what the account buys at others.
    assert marked(found, "known_account") == {"more"}


def test_what_people_decided_tells_which_accounts_are_known(tmp_path):
    own = [{"merchant_id": "m1", "kind": "device", "value": "own"}]
    orders, cheap, verdicts = [], [], []
    for buyer, status, device in (
        ("cleared", "cleared", "own"),
        ("confirmed", "confirmed", ""),
        ("open", "", "own"),
        ("nothing", "", ""),
    ):
        orders += [order(f"{buyer}-1", buyer=buyer, device_id=device)]
        orders += [order(f"{buyer}-2", day(3), buyer=buyer)]
        cheap += [line(f"{buyer}-2", price="1", list_price="100")]
        if status:
            verdicts.append(
                {
                    "finding_id": f"p-{buyer}",
                    "merchant_id": "m1",
                    "subject_kind": "order",
                    "subject_id": f"{buyer}-1",
                    "topic": "brushing",
                    "status": status,
                    "found_at": "2026-01-20 10:00",
                    "decided_at": "2026-01-21 10:00",
                }
            )
    found, _ = run(tmp_path, orders=orders, order_items=cheap, identities=own, findings=verdicts)
    assert marked(found, "known_account") == {"confirmed-2", "open-2"}


def test_words_of_a_certain_order_are_known(tmp_path):
    own = [{"merchant_id": "m1", "kind": "device", "value": "own"}]
    script, other = "a" * 60, "b" * 60
    texts = {"bought": script, "soon": script, "late": script, "elsewhere": script}
    texts |= {"other-1": other, "other-2": other, "unhappy": script, "cleared": script + "c"}
    texts |= {"after-cleared": script + "c"}
    # `bought` and `cleared` came from the merchant's telephone.
    orders = [
        order(
            name,
            merchant="m2" if name == "elsewhere" else "m1",
            device_id="own" if name in ("bought", "cleared") else "",
        )
        for name in texts
    ]
    parcels = [
        parcel(o["order_id"], o["merchant_id"], delivered_at="2026-01-13 10:00") for o in orders
    ]
    reviews = [
        review(
            o["order_id"],
            "2026-01-20 10:00" if o["order_id"] == "late" else "2026-01-13 12:00",
            merchant=o["merchant_id"],
            text=texts[o["order_id"]],
            stars=1 if o["order_id"] == "unhappy" else 5,
        )
        for o in orders
    ]
    verdict = {
        "finding_id": "p",
        "merchant_id": "m1",
        "subject_kind": "order",
        "subject_id": "cleared",
        "topic": "brushing",
        "status": "cleared",
        "found_at": "2026-01-20 10:00",
        "decided_at": "2026-01-21 10:00",
    }
    found, _ = run(
        tmp_path,
        orders=orders,
        shipments=parcels,
        reviews=reviews,
        identities=own,
        findings=[verdict],
    )
    # Neither what others write of another shop, nor other words, nor what somebody cleared.
    assert marked(found, "known_words") == {"soon", "late"}
    # Within a day of delivery it excludes; later the buyer may be real, and paid for the words.
    assert found["soon"]["score"] >= 0.95 > found["late"]["score"] >= 0.6
    assert 0.95 > found["other-1"]["score"] >= 0.6


# Together ---------------------------------------------------------------------------------------


def test_weights_are_added_and_one_family_counts_once(tmp_path):
    same = {"device_id": "d", "address_id": "a", "ip": "i"}
    orders = [order(f"o{n}", day(n), **same) for n in range(5)]
    found, _ = run(tmp_path, orders=orders)
    assert {row["evidence"] for row in found.values()} == {"shared_device"}
    weight = load_settings().brushing.weights.shared_device
    odds = 0.02 / 0.98 * 2.718281828459045**weight
    assert found["o0"]["score"] == pytest.approx(odds / (1 + odds), abs=2e-6)


def test_what_neighbours_and_sales_bring_about_excludes_nothing():
    weights = load_settings().brushing.weights
    least = load_settings().brushing.soft.known_score
    odds = least / (1 - least) / (0.02 / 0.98)
    sale = max(weights.burst_hour, weights.price_off_list)
    neighbours = max(weights.shared_address, weights.shared_ip)
    together = neighbours + sale + weights.repeated_item
    assert 2.718281828459045**together < odds
    assert 2.718281828459045 ** (weights.copied_praise_soon + sale) < odds
    # Of one family only one counts.
    assert RULES["burst_hour"].family == RULES["price_off_list"].family
    assert RULES["shared_address"].family == RULES["shared_ip"].family
    alone = max(weights.model_dump().values())
    assert 2.718281828459045**alone < odds


def test_the_queue_holds_what_reaches_its_line(tmp_path):
    orders = [order(f"o{n}", day(n), ip="i") for n in range(5)]
    assert len(run(tmp_path, orders=orders)[0]) == 5
    assert run(tmp_path, load_settings(), orders=orders)[0] == {}


def test_every_rule_has_a_case_here_and_a_weight_or_is_hard():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in RULES if f'"{name}"' not in source] == []
    weights = set(load_settings().brushing.weights.model_dump())
    soft = {name for name, rule in RULES.items() if not rule.hard}
    assert weights == soft | {"known_account", "known_words"}


def test_rules_that_could_not_run_are_named(tmp_path):
    found, manifest = run(tmp_path, orders=[order("o1")])
    assert found == {}
    not_run = manifest["facts"]["rules_not_run"]
    assert set(RULES) - set(not_run) == {"few_merchants", "burst_hour", "dense_block"}
    assert not_run["shared_ip"] == "orders.ip"
    assert any("light_parcel" in warning for warning in manifest["warnings"])


def test_logs_without_orders_and_reviews_are_refused(tmp_path):
    with pytest.raises(InputError, match="needs the log orders or reviews"):
        run(tmp_path, merchants=[{"merchant_id": "m1"}])


def test_nothing_personal_is_written(tmp_path):
    private = {"device_id": "secret-d", "address_id": "secret-a", "pay_account_id": "secret-p"}
    orders = [order(f"o{n}", day(n), buyer=f"secret-b{n}", **private) for n in range(6)]
    parcels = [
        parcel(f"o{n}", waybill_id="secret-w", first_scan_at=day(1, "22:00")) for n in range(6)
    ]
    own = [{"merchant_id": "m1", "kind": "device", "value": "secret-d"}]
    reviews = [review(f"o{n}", day(n + 9), text=f"secret {PRAISE}") for n in range(6)]
    reviews = [r | {"buyer_id": f"secret-b{n}"} for n, r in enumerate(reviews)]
    found, _ = run(tmp_path, orders=orders, shipments=parcels, identities=own, reviews=reviews)
    assert found
    for path in tmp_path.glob("found*"):
        assert b"secret" not in path.read_bytes()
    assert "secret" not in str(found)
