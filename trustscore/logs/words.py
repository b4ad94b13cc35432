"""The words that classes of several logs share."""

__all__ = ["APPEAL", "CASE_REASON", "FAULT", "LIVE_TOPIC", "SPOKEN_CLAIMS", "TOPIC"]

FAULT = "merchant buyer platform carrier none"
APPEAL = "pending overturned kept"
CASE_REASON = (
    "quality malfunction material counterfeit spoilage allergy not_as_described"
    " late wrong_item missing_item empty_parcel lost damaged"
    " changed_mind no_longer_wanted price size other"
)
SPOKEN_CLAIMS = "false_claim health_claim staged_drama price_deception private_deal abuse"
LIVE_TOPIC = f"{SPOKEN_CLAIMS} other"
TOPIC = (
    f"{SPOKEN_CLAIMS} chat_abuse crowd_false"
    " fake_shipment quality_problem material_mismatch counterfeit"
    " incentivised duplicate_review review_burst false_review brushing identity_link gang other"
)
