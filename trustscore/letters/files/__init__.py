"""Letters of files: an export in, a folder of letters out."""

from trustscore.letters.files.due import due_orders
from trustscore.letters.files.write import ONLY, LettersDone, letter_files

__all__ = ["ONLY", "LettersDone", "due_orders", "letter_files"]
