"""Reviews in files: scores and the last review in, this review out."""

from trustscore.rights.files.reviews import Reviewed, rights_files

__all__ = ["Reviewed", "rights_files"]
