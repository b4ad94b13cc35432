"""What gives bad actors away.

A figure says where a signal stands between its prior (0) and its poor anchor (1); above 1 is
worse than poor, below 0 better than the prior. For a flag it is the chance that it is raised.
"""

from __future__ import annotations

Span = tuple[float, float]

# What they do, which shows in their signals.
MARKS: dict[str, dict[str, Span]] = {
    "brusher": {
        "brushing_order_share": (1.2, 6.0),
        "incentivised_review_share": (0.8, 4.0),
        "product_rating_mean": (0.5, 1.3),
        "positive_review_rate": (0.5, 1.3),
        "product_negative_review_rate": (0.5, 1.3),
        "tracking_anomaly_rate": (0.8, 3.0),
        "fake_shipment_rate": (1.0, 8.0),
        "gang_link_share": (0.3, 1.0),
        "violation_points": (0.1, 0.8),
    },
    "counterfeiter": {
        "counterfeit_complaint_upheld_rate": (3.0, 20.0),
        "ip_infringement_upheld_rate": (0.8, 4.0),
        "spot_check_fail_rate": (1.0, 8.0),
        "listing_block_rate": (0.5, 2.0),
        "certificate_coverage_rate": (0.5, 3.0),
        "quality_return_rate": (0.5, 1.8),
        "quality_problem_item_order_share": (0.5, 1.5),
        "description_mismatch_rate": (0.5, 2.0),
        "material_mismatch_order_share": (0.5, 1.5),
        "external_complaint_rate": (0.5, 2.0),
        "regulator_quality_failure_flag": (0.15, 0.15),
        "violation_points": (0.2, 1.2),
    },
    "refund_refuser": {
        "aftersales_refusal_rate": (2.0, 10.0),
        "aftersales_review_hours_mean": (0.8, 2.5),
        "platform_help_rate": (1.0, 4.0),
        "platform_intervention_rate": (1.0, 4.0),
        "dispute_seller_fault_rate": (1.0, 4.0),
        "complaint_rate": (0.8, 4.0),
        "aftersales_satisfaction_rate": (1.0, 3.0),
        "guarantee_breach_rate": (0.8, 3.0),
        "external_complaint_rate": (0.8, 4.0),
        "external_complaint_resolution_rate": (0.5, 1.5),
        "resolved_72h_rate": (0.5, 1.5),
    },
    "whitewasher": {
        "barred_identity_link_flag": (0.7, 0.7),
        "gang_link_share": (0.5, 1.5),
        "deposit_adequacy_ratio": (0.5, 1.0),
        "quality_return_rate": (0.5, 1.5),
        "aftersales_refusal_rate": (0.5, 2.0),
        "complaint_rate": (0.5, 2.0),
    },
}
# What they show instead: bought praise covers the truth above.
SHOWN: dict[str, dict[str, Span]] = {
    "brusher": {
        "product_rating_mean": (-1.2, -0.5),
        "positive_review_rate": (-0.9, -0.5),
        "product_negative_review_rate": (-0.8, -0.4),
    },
}
