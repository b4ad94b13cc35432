"""From files and frames to blocks of checked columns, and a reject for every other row."""
