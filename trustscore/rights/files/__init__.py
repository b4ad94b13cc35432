"""Reviews in files: scores and the last review in, this review out."""

from trustscore.rights.files.reviews import RightsReport, rights_files

__all__ = ["RightsReport", "rights_files"]
