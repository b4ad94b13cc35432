"""Reviews in the same words, and days with too many of them."""
