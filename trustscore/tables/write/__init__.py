"""From scores to files that are complete or absent."""
