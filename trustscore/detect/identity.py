"""Accounts that share an identifier with a merchant removed for cause."""

from __future__ import annotations

from trustscore.detect.findings import Cut, Finding, Found, Relations
from trustscore.detect.settings import DetectSettings
from trustscore.detect.shared import account_states, shared_identifiers
from trustscore.signals.builders import REMOVED_FOR_CAUSE

__all__ = ["find_identity_links"]

# An account that left, or was removed as well, is not to be barred.
_LINKS = """
SELECT a.merchant_id, b.merchant_id, a.kind
FROM identity_uses AS a
JOIN identity_uses AS b ON b.kind = a.kind AND b.value = a.value
JOIN identity_states AS gone ON gone.merchant_id = b.merchant_id AND gone.barred
LEFT JOIN identity_states AS here ON here.merchant_id = a.merchant_id
WHERE a.merchant_id <> b.merchant_id AND NOT COALESCE(here.removed, FALSE)
GROUP BY a.merchant_id, b.merchant_id, a.kind
ORDER BY a.merchant_id, b.merchant_id, a.kind
"""


def find_identity_links(relations: Relations, settings: DetectSettings, cut: Cut) -> Found:
    """Return accounts that share an identifier with a merchant removed for cause.

    Parameters
    ----------
    relations : Relations
    settings : DetectSettings
    cut : Cut
    """
    scores = {kind: score for kind, score in settings.identity.items() if score > 0}
    facts = shared_identifiers(relations, "identity", scores, settings.hubs)
    account_states(relations, "identity", REMOVED_FOR_CAUSE)
    [(barred,)] = relations.rows("SELECT COUNT(*) FROM identity_states WHERE barred")
    links: dict[tuple[str, str], list[str]] = {}
    for account, removed, kind in relations.rows(_LINKS):
        links.setdefault((account, removed), []).append(kind)
    findings = [
        Finding(
            account,
            "merchant",
            removed,
            "identity_link",
            max(scores[kind] for kind in kinds),
            f"{account} - {' + '.join(kinds)} - {removed}",
        )
        for (account, removed), kinds in links.items()
    ]
    facts |= {
        "removed_for_cause": int(barred),
        "linked_accounts": len({account for account, _ in links}),
    }
    return Found(findings, facts)
