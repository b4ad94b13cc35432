"""Where the outputs of a run go: what may be written where, and the rejects beside the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import pyarrow as pa

from trustscore.batch import output
from trustscore.errors import InputError
from trustscore.io.atomic_files import Sink, open_sink, same_file, suffix_fault, takes_batches
from trustscore.io.rejects import Reject

__all__ = ["RejectsFile", "check_targets"]


class RejectsFile:
    """The rejects table, opened at the first reject."""

    def __init__(
        self,
        path: str | None,
        *,
        several: bool,
        asked: bool,
        hold: bool,
        stack: ExitStack,
        raw: bool = True,
    ) -> None:
        self.path, self.several, self._hold, self._stack = path, several, hold, stack
        self._raw = raw
        self.sink: Sink | None = None
        if asked:
            self._open()

    def _open(self) -> None:
        assert self.path is not None
        self._columns = output.reject_columns(several=self.several)
        self.sink = open_sink(self.path, self._columns, hold=self._hold)
        self._stack.enter_context(self.sink.file)

    def write(self, rejects: list[Reject]) -> None:
        """Write the rejects of a block, if there are any."""
        if self.path is None or not rejects:
            return
        if self.sink is None:
            self._open()
        assert self.sink is not None
        if not self._raw:
            rejects = [reject._replace(raw="") for reject in rejects]
        if takes_batches(self.path):
            schema = pa.schema(list(self._columns.items()))
            self.sink.write(output.reject_table(rejects, schema, several=self.several))
        else:
            self.sink.write(output.reject_lines(rejects, several=self.several))


def check_targets(reads: Mapping[str, Sequence[str]], outputs: Mapping[str, str | None]) -> None:
    """Raise for outputs that would overwrite what is read, or one another.

    Parameters
    ----------
    reads : mapping of str to sequence of str
        Paths by what they are.
    outputs : mapping of str to str or None
        A path by what it will be.
    """
    faults = []
    named = {what: path for what, path in outputs.items() if path is not None}
    for what, path in named.items():
        faults += [
            f"{what} {path}: is also {other}"
            for other, paths in reads.items()
            for one in paths
            if same_file(one, path)
        ]
        faults += [
            f"{what} {path}: is also the {other}"
            for other, second in named.items()
            if other < what and (same_file(second, path) or second == path == "-")
        ]
        if what != "manifest" and (fault := suffix_fault(path)):
            faults.append(f"{what} {path}: {fault}")
    if faults:
        raise InputError("these outputs cannot be written", faults)
