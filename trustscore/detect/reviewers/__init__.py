"""Reviews that were probably not written by buyers of their own accord, from reviews alone."""
