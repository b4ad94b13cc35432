"""The order of the examples in the gallery: from a first score to what needs more reading."""

ORDER = (
    "plot_score_a_frame.py",
    "plot_one_statement.py",
    "plot_boost_a_list.py",
    "closed_loop.py",
    "wish_merchants.py",
)


class Reading:
    """Sort key of the gallery; an example that is not listed comes last."""

    def __init__(self, src_dir: str) -> None:
        """Take the folder of the examples, as sphinx-gallery gives it."""
        self.src_dir = src_dir

    def __call__(self, filename: str) -> tuple[int, str]:
        """Return the place of an example."""
        return (ORDER.index(filename) if filename in ORDER else len(ORDER), filename)
