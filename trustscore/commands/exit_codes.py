"""The exit codes of every command; ``trustscore --help`` lists them."""

DONE = 0
MACHINE_FAILED = 1
WRONG_USE = 2
ROWS_REJECTED = 3
STOPPED = 4
LINES_CROSSED = 5
