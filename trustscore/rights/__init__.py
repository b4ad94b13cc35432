"""What merchants may do: a review of tiers and rights."""

from trustscore.rights.review import REASONS, Figures, Held, Review, review_rights, rights_of

__all__ = ["REASONS", "Figures", "Held", "Review", "review_rights", "rights_of"]
