"""Many merchants on one machine: files or frames in, scores out."""
