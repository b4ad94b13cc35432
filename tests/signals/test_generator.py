"""Figures by hand, run in DuckDB over logs of a few rows."""

import re
from datetime import date

import duckdb
import pytest

from tests.signals.duck import export
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.signals import generate, load_definitions
from trustscore.signals.checks import everything

AS_OF = "2026-02-01"


def order(order_id, paid_at, **more):
    return {
        "merchant_id": "m",
        "order_id": order_id,
        "paid_at": paid_at,
        "amount": 50,
        "buyer_id": f"b{order_id}",
        **more,
    }


def parcel(order_id, **more):
    return {"merchant_id": "m", "order_id": order_id, "shipment_id": f"s{order_id}", **more}


def case(order_id, opened_at, **more):
    return {
        "merchant_id": "m",
        "order_id": order_id,
        "case_id": f"c{order_id}",
        "opened_at": opened_at,
        **more,
    }


def of(logs, *columns, **options):
    found = export(logs, AS_OF, columns=columns, **options)["m"]
    return found[columns[0]] if len(columns) == 1 else [found[name] for name in columns]


def test_a_window_holds_its_first_instant_and_not_the_cut():
    orders = [
        order("1", "2026-01-02T00:00"),
        order("2", "2026-01-01T23:59:59.999999"),
        order("3", "2026-01-31T23:59:59.999999"),
        order("4", "2026-02-01T00:00"),
    ]
    assert of({"orders": orders}, "orders_paid", "orders_paid_90d") == [2, 3]


def test_days_are_those_of_the_market():
    orders = [order("1", "2026-01-01T16:00+00:00"), order("2", "2026-01-31T16:00+00:00")]
    assert of({"orders": orders}, "orders_paid", tz="Asia/Shanghai") == 1


@pytest.mark.parametrize(
    "more",
    [
        {"order_type": "gift"},
        {"amount": 1},
        {"device_id": "own"},
        {"pay_account_id": "own"},
        {"address_id": "own"},
    ],
)
def test_orders_that_do_not_count(more):
    orders = [order("1", "2026-01-10T00:00"), order("2", "2026-01-10T00:00", **more)]
    kinds = ("device", "pay_account", "address")
    owned = [{"merchant_id": "m", "kind": kind, "value": "own"} for kind in kinds]
    logs = {"orders": orders, "identities": owned}
    assert of(logs, "orders_paid", "orders_paid_90d") == [1, 1]
    assert of(logs, "orders_paid_all_90d") == 2


def test_a_refund_in_ten_minutes_before_shipment_excludes_an_order():
    orders = [order(str(i), "2026-01-10T00:00") for i in range(4)]
    cases = [
        case("0", "2026-01-10T00:01", full_refund=True, refunded_at="2026-01-10T00:10"),
        case("1", "2026-01-10T00:01", full_refund=True, refunded_at="2026-01-10T00:10:01"),
        case("2", "2026-01-10T00:01", full_refund=False, refunded_at="2026-01-10T00:05"),
        case("3", "2026-01-10T00:01", full_refund=True, refunded_at="2026-01-10T00:05"),
    ]
    parcels = [parcel("3", shipped_at="2026-01-10T00:04")]
    logs = {"orders": orders, "aftersales": cases, "shipments": parcels}
    assert of(logs, "orders_paid") == 3


def test_exclusions_that_cannot_be_looked_at_are_named():
    logs = {"orders": frozenset(["merchant_id", "order_id", "paid_at", "order_type"])}
    plan = generate(load_definitions(), date(2026, 2, 1), logs)
    assert "order_type" not in plan.unchecked
    assert plan.unchecked["brushing"] == "not_collected: findings"
    assert plan.unchecked["low_price"] == "not_collected: orders.amount"


def test_the_first_reason_counts_and_a_withdrawn_case_that_came_back_too():
    orders = [order(str(i), "2025-12-15T00:00") for i in range(5)]
    parcels = [parcel(str(i), delivered_at="2025-12-30T00:00") for i in range(5)]
    cases = [
        case("0", "2026-01-02T00:00", first_reason="quality", reason="changed_mind"),
        case("1", "2026-01-02T00:00", reason="changed_mind"),
        {**case("1", "2026-01-03T00:00", reason="quality"), "case_id": "later"},
        case("2", "2026-01-02T00:00", reason="quality", withdrawn_at="2026-01-03T00:00"),
        {**case("2", "2026-01-04T00:00", reason="changed_mind"), "case_id": "later"},
        case("3", "2026-01-14T00:00", reason="quality"),
        case("4", "2026-01-02T00:00", reason="quality", fault="buyer"),
    ]
    logs = {"orders": orders, "shipments": parcels, "aftersales": cases}
    # 0 by its first reason, 2 as another case lives; 3 is opened 15 days after delivery.
    assert of(logs, "quality_return_orders", "orders_delivered") == [2, 5]


def test_an_order_of_two_parcels_is_delivered_with_the_last():
    parcels = [
        parcel("1", delivered_at="2026-01-05T00:00", first_scan_at="2026-01-02T00:00"),
        {**parcel("1", delivered_at=None, first_scan_at="2026-01-02T00:00"), "shipment_id": "x"},
        parcel("2", delivered_at="2026-01-05T00:00", first_scan_at="2026-01-02T00:00"),
    ]
    orders = [order("1", "2026-01-01T00:00"), order("2", "2026-01-01T00:00")]
    logs = {"orders": orders, "shipments": parcels}
    assert of(logs, "orders_delivered_90d", "tenure_days") == [1, 27]


def test_the_pick_up_clock_rests_in_the_evening():
    orders = [order("1", "2026-01-10T20:00"), order("2", "2026-01-10T10:00")]
    parcels = [
        parcel("1", first_scan_at="2026-01-11T10:00"),
        parcel("2", first_scan_at="2026-01-10T12:00"),
    ]
    logs = {"orders": orders, "shipments": parcels}
    assert of(logs, "pickup_hours_mean", "orders_picked_up") == [3.0, 2]
    assert of(logs, "pickup_hours_mean", tz="Asia/Shanghai") == 3.0


def test_stars_of_an_order_are_the_mean_of_its_lines():
    logs = {
        "orders": [order("1", "2025-12-20T00:00"), order("2", "2025-12-20T00:00")],
        "shipments": [parcel(i, delivered_at="2025-12-25T00:00") for i in "12"],
        "aftersales": [],
        "reviews": [
            review("a", "1", "2025-12-26T00:00", stars=5, item_id="x"),
            review("b", "1", "2025-12-26T00:00", stars=2, item_id="y"),
            review("c", "1", "2025-12-27T00:00", stars=1, item_id="x"),
            review("d", "2", "2026-01-09T00:00", stars=1, item_id="x"),
        ],
    }
    found = of(logs, "product_rating_mean", "reviews_rated", "positive_reviews", "orders_delivered")
    assert found == [3.5, 1, 0, 2]


def review(review_id, order_id, created_at, **more):
    return {
        "merchant_id": "m",
        "order_id": order_id,
        "review_id": review_id,
        "created_at": created_at,
        "buyer_id": f"b{order_id}",
        **more,
    }


def test_a_buyer_has_three_reviews_in_thirty_days_and_unknown_buyers_no_cap():
    orders = [order(str(i), "2026-01-01T00:00") for i in range(10)]
    reviews = [
        review(f"r{i}", str(i), f"2026-01-{10 + i}T00:00", stars=5, buyer_id="same")
        for i in range(5)
    ]
    unknown = [
        review(f"u{i}", str(i), "2026-01-20T00:00", stars=5, buyer_id=None) for i in range(5, 10)
    ]
    assert of({"orders": orders, "reviews": reviews + unknown}, "reviews_rated_90d") == 8


def test_people_who_come_again():
    orders = [
        order("1", "2025-11-10T10:00", buyer_id="again"),
        order("2", "2025-12-01T10:00", buyer_id="again"),
        order("3", "2025-11-10T10:00", buyer_id="same_day"),
        order("4", "2025-11-10T20:00", buyer_id="same_day"),
        order("5", "2025-11-10T10:00", buyer_id="too_late"),
        order("6", "2025-12-26T10:00", buyer_id="too_late"),
        order("7", "2026-01-10T10:00", buyer_id="new"),
        order("8", "2025-11-10T10:00", buyer_id=None),
        order("9", "2025-11-20T10:00", buyer_id=None),
    ]
    logs = {"orders": orders, "aftersales": [{**case("1", "2026-01-01T00:00"), "order_id": "99"}]}
    logs["aftersales"][0] |= {"full_refund": False, "refunded_at": None}
    assert of(logs, "buyers_90d", "buyers_repeat_90d") == [3, 1]


def test_accounts_on_one_device_are_one_person_along_a_chain():
    orders = [
        order("1", "2025-11-10T10:00", buyer_id="a", device_id="x"),
        order("2", "2025-11-12T10:00", buyer_id="b", device_id="x", pay_account_id="y"),
        order("3", "2025-11-14T10:00", buyer_id="c", pay_account_id="y"),
        *(order(f"h{i}", "2025-11-10T10:00", buyer_id=f"h{i}", device_id="hub") for i in range(6)),
    ]
    logs = {"orders": orders, "aftersales": [case("1", "2025-12-01T00:00", full_refund=False)]}
    logs["aftersales"][0]["refunded_at"] = None
    # One person with three orders, and six at a shared terminal.
    assert of(logs, "buyers_90d", "buyers_repeat_90d") == [7, 1]


def test_a_round_of_chat_is_answered_by_a_person():
    def message(at, sender, text="hello there"):
        return {
            "merchant_id": "m",
            "chat_id": "c",
            "sent_at": f"2026-01-10T{at}",
            "sender": sender,
            "message_id": at,
            "text": text,
        }

    logs = {
        "chat_messages": [
            message("10:00:00", "buyer"),
            message("10:00:10", "buyer"),
            message("10:00:20", "bot"),
            message("10:00:30", "human", "."),
            message("10:01:40", "human"),
            message("11:00:00", "buyer"),
            message("23:30:00", "buyer"),
        ]
    }
    # A full stop ends the round and stops the clock, but it is no reply. The second round has no
    # answer, so 600 s; 23:30 is the same round, as nobody answered.
    found = of(logs, "im_rounds", "im_response_seconds_mean", "im_rounds_replied_3min")
    assert found == [2, 315.0, 0]
    logs["chat_messages"][3]["text"] = "hi"
    assert of(logs, "im_rounds_replied_3min") == 1


def finding(finding_id, subject, status, **more):
    return {
        "finding_id": finding_id,
        "merchant_id": "m",
        "subject_kind": "live_session",
        "subject_id": subject,
        "topic": "false_claim",
        "status": status,
        "found_at": "2026-01-20T00:00",
        "score": None,
        "appeal": None,
        "decided_at": None,
        **more,
    }


def test_verdicts_of_people_beat_those_of_detectors():
    sessions = [
        {
            "session_id": str(i),
            "merchant_id": "m",
            "started_at": "2026-01-10T10:00",
            "ended_at": "2026-01-10T10:05" if i == 6 else "2026-01-10T11:00",
        }
        for i in range(7)
    ]
    findings = [
        finding("a", "0", "confirmed"),
        finding("b", "1", "suspected", score=1),
        finding("c", "2", "confirmed"),
        finding("d", "2", "cleared", found_at="2026-01-21T00:00"),
        finding("e", "3", "confirmed", appeal="pending"),
        finding("f", "4", "confirmed"),
        finding("g", "4", "suspected", found_at="2026-01-25T00:00", score=0.1),
        finding("h", "5", "suspected", topic="crowd_false", score=0.8),
    ]
    logs = {"live_sessions": sessions, "findings": findings}
    # A broadcast of five minutes without any finding is not one.
    assert of(logs, "live_sessions_90d", "live_sessions_false_claim_90d") == [6, 2]


def test_complaints_are_capped_by_buyer_and_counted_by_order():
    def ticket(ticket_id, buyer, order_id):
        return {
            "ticket_id": ticket_id,
            "merchant_id": "m",
            "opened_at": "2026-01-10T00:00",
            "channel": "platform",
            "kind": "complaint",
            "buyer_id": buyer,
            "order_id": order_id,
        }

    tickets = [
        *(ticket(f"a{i}", "angry", str(i)) for i in range(5)),
        ticket("b", "once", "9"),
        ticket("b2", "once", "9"),
        ticket("c", None, None),
        ticket("d", None, None),
    ]
    assert of({"tickets": tickets}, "complaints") == 3 + 1 + 2


def test_complaints_elsewhere_without_an_order_count_one_by_one():
    def ticket(ticket_id, **more):
        return {
            "ticket_id": ticket_id,
            "merchant_id": "m",
            "opened_at": "2026-01-10T00:00",
            "channel": "external",
            "kind": "complaint",
            "buyer_id": "b",
            "order_id": None,
            **more,
        }

    tickets = [
        ticket("1"),
        ticket("2"),
        ticket("3", order_id="o"),
        ticket("4", order_id="o"),
        ticket("5", order_id="o", buyer_id="c"),
        ticket("6", opened_at="2025-10-10T00:00"),
    ]
    assert of({"tickets": tickets}, "external_complaints_90d") == 4


def test_open_cases_enter_the_mean_with_the_time_they_have_waited():
    cases = [
        case("1", "2026-01-10T10:00", type="refund", approved_at="2026-01-10T12:00"),
        case("2", "2026-01-28T10:00", type="refund"),
        case("3", "2026-01-31T10:00", type="refund"),
        case("4", "2026-01-10T23:30", type="refund", refused_at="2026-01-11T09:00"),
    ]
    found = of({"aftersales": cases}, "refunds_completed", "aftersales_review_hours_mean")
    assert found == [3, (2 + 86 + 1) / 3]


def test_newest_versions_and_what_was_known():
    def state(recorded_at, **more):
        return order("1", "2026-01-10T00:00", recorded_at=recorded_at, **more)

    orders = [
        state("2026-01-10T01:00", order_type="normal"),
        state("2026-01-20T01:00", order_type="gift"),
        state("2026-02-02T00:00", order_type="normal"),
    ]
    assert of({"orders": orders}, "orders_paid") == 0
    assert of({"orders": orders[::2]}, "orders_paid") == 1


def test_a_cancellation_after_the_cut_is_unknown():
    orders = [
        order("1", "2026-01-10T00:00", cancelled_at="2026-02-01T00:00", cancel_party="merchant"),
        order("2", "2026-01-10T00:00", cancelled_at="2026-01-31T00:00", cancel_party="merchant"),
    ]
    assert of({"orders": orders}, "orders_seller_cancelled") == 1


def test_no_rows_are_zero_and_means_are_blank():
    logs = {"orders": [order("1", "2026-01-10T00:00")], "chat_messages": [], "mentions": []}
    found = of(logs, "im_rounds", "im_response_seconds_mean", "mentions_90d", "orders_paid")
    assert found == [0, None, 0, 1]


def test_what_is_not_collected_is_not_made():
    logs = {"orders": frozenset(["merchant_id", "order_id", "paid_at"])}
    plan = generate(load_definitions(), date(2026, 2, 1), logs)
    made = [column.name for column in plan.columns]
    assert "orders_paid" in made
    assert plan.missing["orders_guaranteed"] == "not_collected: orders.guaranteed"
    assert plan.missing["orders_delivered"] == "not_collected: shipments"
    assert plan.missing["complaints"] == "not_collected: tickets"
    assert not set(made) & set(plan.missing)
    assert {*made, *plan.missing} == set(load_definitions().columns)


def test_a_short_log_makes_no_column_of_a_longer_window():
    logs = {"orders": frozenset(["merchant_id", "order_id", "paid_at"])}
    definitions = load_definitions()
    first = 1_764_547_200_000_000  # 2025-12-01
    plan = generate(definitions, date(2026, 2, 1), logs, covers={"orders": first}, zone="UTC")
    assert plan.missing["orders_paid_90d"].startswith("short_log: orders")
    assert "orders_paid" not in plan.missing


def test_removed_merchants_have_no_row_unless_asked_for():
    states = [
        {"merchant_id": "m", "valid_from": "2025-01-01T00:00", "status": "active"},
        {"merchant_id": "gone", "valid_from": "2025-01-01T00:00", "status": "active"},
        {"merchant_id": "gone", "valid_from": "2026-01-01T00:00", "status": "removed"},
    ]
    assert set(export({"merchants": states}, AS_OF)) == {"m"}
    assert set(export({"merchants": states}, AS_OF, include_removed=True)) == {"m", "gone"}


def test_the_category_is_that_of_most_orders_and_a_tie_that_declared():
    states = [
        {"merchant_id": "m", "valid_from": "2025-01-01T00:00", "status": "active", "category": "z"}
    ]
    orders = [
        order("1", "2026-01-10T00:00", category="a"),
        order("2", "2026-01-10T00:00", category="z"),
    ]
    assert of({"merchants": states, "orders": orders}, "category") == "z"
    assert of({"merchants": states, "orders": [orders[0]]}, "category") == "a"
    assert of({"merchants": states, "orders": []}, "category") == "z"


def test_unknown_names_are_said():
    with pytest.raises(InputError, match="did you mean orders"):
        generate(load_definitions(), date(2026, 2, 1), {"ordres": frozenset()})
    with pytest.raises(InputError, match="did you mean orders_paid"):
        generate(load_definitions(), date(2026, 2, 1), everything(), columns=["orders_payd"])


FORBIDDEN = (
    r"\bASOF\b|\bEPOCH|\bHUGEINT\b|\bINT128\b|DATE_DIFF|DATEDIFF|\bLIST\(|QUANTILE"
    r"|UNPIVOT|AT TIME ZONE|\bHASH\(|//|\bQUALIFY\b|\bFILTER\b|\bDISTINCT\b|\bINTERVAL\b"
    r"|TIMESTAMP|\bLATERAL\b"
    r"|\bRECURSIVE\b|\bEXISTS\b|NULLS (FIRST|LAST)|\bRANGE\b|\bARRAY"
    r"|\bSTRUCT|\bAVG\(|\bMEDIAN|FSUM|\bSELECT \* EXCLUDE"
)


def test_the_sql_keeps_to_what_every_engine_does_alike():
    plan = generate(load_definitions(), date(2026, 2, 1), everything())
    for statement in (*plan.market, *plan.statements):
        found = re.search(FORBIDDEN, statement.sql, re.IGNORECASE)
        assert found is None, (statement.name, found)
        assert ";" not in statement.sql
        assert "NOT IN (SELECT" not in statement.sql


def test_sums_are_of_integers_only():
    plan = generate(load_definitions(), date(2026, 2, 1), everything())
    for statement in (*plan.market, *plan.statements):
        for inner in re.findall(r"SUM\(((?:[^()]|\([^()]*\))*)\)", statement.sql):
            assert "DOUBLE" not in inner, (statement.name, inner)


def test_all_columns_run_on_empty_logs_and_the_default_scorecard_finds_all_of_its_columns():
    plan = generate(load_definitions(), date(2026, 2, 1), everything())
    assert plan.missing == {}
    made = {column.name for column in plan.columns}
    assert {field.name for field in load_scorecard().inputs} <= made
    assert len(load_definitions().file.columns) >= 143
    assert duckdb.__version__


def test_the_same_logs_and_day_make_the_same_text():
    one = generate(load_definitions(), date(2026, 2, 1), everything())
    two = generate(load_definitions(), date(2026, 2, 1), dict(reversed(everything().items())))
    assert one.market == two.market
    assert one.statements == two.statements


def test_one_id_at_two_merchants_is_two_rows():
    # In a store of several buckets neither would see the other.
    orders = [order("1", "2026-01-10T00:00"), order("1", "2026-01-10T00:00") | {"merchant_id": "n"}]
    mentions = [
        {
            "merchant_id": merchant,
            "mention_id": "same",
            "seen_at": "2026-01-20T00:00",
            "tone": "negative",
            **more,
        }
        for merchant, more in (("m", {}), ("n", {}), ("n", {}))
    ]
    found = export({"orders": orders, "mentions": mentions}, AS_OF, columns=["mentions_90d"])
    assert {merchant: row["mentions_90d"] for merchant, row in found.items()} == {"m": 1, "n": 1}
