# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Bytes of delimited text to records, cells and numbers, in one pass (compiled where possible).

The rules are those of RFC 4180 as spreadsheets and databases read it:

- A quotation mark opens a quoted field only where a field begins. Inside, two marks stand for
  one, and line breaks are text. Anywhere else a mark is a character like any other.
- A mark is a slip of the pen if its partner stands behind a line break but not at the end of a
  field, or if it has no partner: read as a quotation it would swallow the lines between. The line
  on which it stands is the fault ``open_quote``; the next line begins a record.
- A record with another number of fields than the header is the fault ``field_count``. A blank
  line is no record.

A numeric cell is read here when it is blank or a plain decimal number (``12``, ``-4.25``, ``.5``)
whose digits fit a float exactly; dividing by an exact power of ten then rounds once, as a
correctly rounding parser does. So is no count of three decimals: ``1.400`` orders may be 1400.
Every other cell is *odd*: the grammar of `trustscore.io.cells`
judges it.

Work is linear in the bytes: a failed quotation is scanned to the next run of an odd number of
marks, and the next mark that could open one is that run or stands behind it.
"""

from __future__ import annotations

try:
    import cython
except ModuleNotFoundError:
    from trustscore import uncompiled as cython

__all__ = [
    "copy_texts",
    "field_end",
    "last_record",
    "read_numbers",
    "read_records",
]

# A quotation whose partner is none, and one whose partner is not in sight.
_SLIP: cython.Py_ssize_t = cython.declare(cython.Py_ssize_t, -1)
_UNFINISHED: cython.Py_ssize_t = cython.declare(cython.Py_ssize_t, -2)
# Whole numbers up to here, and powers of ten up to 10 ** 22, are floats without rounding.
_EXACT: cython.ulonglong = cython.declare(cython.ulonglong, 1 << 53)
_BLANK: cython.double = cython.declare(cython.double, float("nan"))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _closing_mark(
    data: cython.const[cython.uchar][::1],
    mark: cython.Py_ssize_t,
    size: cython.Py_ssize_t,
    delimiter: cython.uchar,
) -> cython.Py_ssize_t:
    """Return where the quotation that opens at `mark` closes, `_SLIP` or `_UNFINISHED`."""
    NEWLINE: cython.uchar = 10
    RETURN: cython.uchar = 13
    QUOTE: cython.uchar = 34
    place: cython.Py_ssize_t = mark + 1
    over_lines: cython.bint = False
    after: cython.uchar
    while place < size:
        if data[place] == QUOTE:
            if place + 1 == size:
                return place
            after = data[place + 1]
            if after != QUOTE:
                if over_lines and after != delimiter and after != NEWLINE and after != RETURN:
                    return _SLIP
                return place
            place += 1
        elif data[place] == NEWLINE:
            over_lines = True
        place += 1
    return _UNFINISHED


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _field_end(
    data: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    size: cython.Py_ssize_t,
    delimiter: cython.uchar,
) -> cython.Py_ssize_t:
    """Return the place of the delimiter or line break behind a field, or why there is none."""
    NEWLINE: cython.uchar = 10
    QUOTE: cython.uchar = 34
    place: cython.Py_ssize_t = begin
    if data[place] == QUOTE:
        place = _closing_mark(data, begin, size, delimiter)
        if place < 0:
            return place
    while place < size and data[place] != delimiter and data[place] != NEWLINE:
        place += 1
    return place if place < size else _UNFINISHED


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _number(
    data: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    size: cython.Py_ssize_t,
    point: cython.int,
    cells: cython.double[:, ::1],
    row: cython.Py_ssize_t,
    column: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Read a plain number, or nothing, into a cell; return where it ends, -1 if it is not exact."""
    MINUS: cython.uchar = 45
    ZERO: cython.uchar = 48
    NINE: cython.uchar = 57
    end: cython.Py_ssize_t = begin
    negative: cython.bint = end < size and data[end] == MINUS
    first: cython.Py_ssize_t
    digits: cython.Py_ssize_t
    mantissa: cython.ulonglong = 0
    scale: cython.double = 1.0
    value: cython.double
    if negative:
        end += 1
    first = end
    while end < size and ZERO <= data[end] <= NINE:
        mantissa = mantissa * 10 + (data[end] - ZERO)
        end += 1
    digits = end - first
    if end < size and data[end] == point:
        end += 1
        while end < size and ZERO <= data[end] <= NINE:
            mantissa = mantissa * 10 + (data[end] - ZERO)
            scale *= 10.0
            end += 1
        digits = end - first - 1
    if 0 < digits <= 18 and mantissa <= _EXACT:
        value = cython.cast(cython.longlong, mantissa) / scale
        cells[row, column] = -value if negative else value
        return end
    cells[row, column] = _BLANK
    return end if end == begin else -1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _may_be_grouped(
    data: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    point: cython.int,
) -> cython.bint:
    """Return whether a plain number is such as ``1.400``, which may be 1400 in groups of three."""
    if end - begin < 5 or data[end - 4] != point:
        return False
    # A sign, and groups are never led by nothing.
    begin += data[begin] == 45
    return 1 <= end - 4 - begin <= 3 and data[begin] != 48


def field_end(
    data: cython.const[cython.uchar][::1], begin: cython.Py_ssize_t, delimiter: cython.uchar
) -> int:
    r"""Return the place of the delimiter or line break behind the field that begins at `begin`.

    It is -1 if the field begins with a slip of the pen, and -2 if the field is not complete.

    Examples
    --------
    >>> field_end(b'"a ""b"",c",1\n', 0, ord(",")), field_end(b'"5 inch\nm2,"x"\n', 0, ord(","))
    (11, -1)
    >>> field_end(b'm2,"x', 3, ord(","))
    -2
    """
    return _field_end(data, begin, len(data), delimiter) if begin < len(data) else -2


def last_record(
    data: cython.const[cython.uchar][::1], delimiter: cython.uchar, final: cython.bint
) -> int:
    r"""Return where the last complete record ends; 0 when there is none.

    Parameters
    ----------
    data : bytes
        Begins with a record.
    delimiter : int
    final : bool
        Whether nothing follows, so that a quotation still open is a slip; the last record then
        ends with a line break.

    Examples
    --------
    >>> last_record(b'a,b\n1,"x\ny"\n2,"z\n', ord(","), False)
    12
    >>> last_record(b'a,b\n1,"x\ny"\n2,"z\n', ord(","), True)
    17
    """
    NEWLINE: cython.uchar = 10
    size: cython.Py_ssize_t = len(data)
    place: cython.Py_ssize_t = 0
    end: cython.Py_ssize_t = 0
    found: cython.Py_ssize_t
    with cython.nogil:
        while place < size:
            found = _field_end(data, place, size, delimiter)
            if found == _UNFINISHED and not final:
                break
            if found >= 0:
                place = found
            else:
                # The rest of the line belongs to the slip, delimiters and all.
                while place < size and data[place] != NEWLINE:
                    place += 1
                if place == size:
                    break
            place += 1
            if data[place - 1] == NEWLINE:
                end = place
    return end


def read_records(
    data: cython.const[cython.uchar][::1],
    delimiter: cython.uchar,
    point: cython.uchar,
    line: cython.longlong,
    numbers: cython.const[cython.int][::1],
    texts: cython.const[cython.int][::1],
    cells: cython.double[:, ::1],
    spans: cython.longlong[:, :, ::1],
    records: cython.longlong[:, ::1],
    odd: cython.longlong[:, ::1],
    counts: cython.const[cython.int][::1] = None,
) -> tuple[int, int, int]:
    """Find the records of a stretch of text, read its numbers and note where its texts stand.

    Parameters
    ----------
    data : bytes
        Complete records, the last one ended by a line break. Lines may end with CR LF.
    delimiter, point : int
        Between two fields, and in a number.
    line : int
        Physical line number of the first byte.
    numbers, texts : ndarray of int32
        For each field of a record, its column in `cells` and in `spans`, or -1.
    cells : ndarray of float64, shape (rows, numbers)
        Takes the numbers of each good record; NaN where a cell is blank or odd.
    spans : ndarray of int64, shape (texts, rows, 2)
        Takes where each text begins and ends.
    records : ndarray of int64, shape (rows, 4)
        Takes of each record, good or not: where it begins, where its line break stands, its
        line, and its number of fields, which is -1 if a quotation mark never closes.
    odd : ndarray of int64, shape (rows * numbers, 4)
        Takes of each odd cell: row and column in `cells`, where it begins and ends.
    counts : ndarray of int32, optional
        For each field of a record, whether it holds a count.

    All have room for as many rows as `data` has line breaks.

    Returns
    -------
    good, records, odd : int
        How many rows of `cells`, `records` and `odd` were written.
    """
    NEWLINE: cython.uchar = 10
    RETURN: cython.uchar = 13
    QUOTE: cython.uchar = 34
    size: cython.Py_ssize_t = len(data)
    width: cython.Py_ssize_t = len(numbers)
    has_counts: cython.bint = counts is not None
    whole: cython.bint
    row: cython.Py_ssize_t = 0
    record: cython.Py_ssize_t = 0
    odds: cython.Py_ssize_t = 0
    odds_before: cython.Py_ssize_t
    place: cython.Py_ssize_t = 0
    start: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    end: cython.Py_ssize_t
    fields: cython.Py_ssize_t
    number: cython.int
    text: cython.int
    quoted: cython.bint
    plain: cython.bint
    slip: cython.bint
    mark: cython.int
    byte: cython.uchar
    with cython.nogil:
        while place < size:
            # A record begins here, or a blank line.
            if data[place] == RETURN and data[place + 1] == NEWLINE:
                place += 1
            if data[place] == NEWLINE:
                place += 1
                line += 1
                continue
            start = place
            records[record, 0] = start
            records[record, 2] = line
            fields = 0
            slip = False
            odds_before = odds
            while True:
                # A field begins here.
                number = numbers[fields] if fields < width else -1
                text = texts[fields] if fields < width else -1
                quoted = data[place] == QUOTE
                begin = place + quoted
                plain = False
                if number >= 0:
                    mark = point if quoted or point != delimiter else -1
                    end = _number(data, begin, size, mark, cells, row, number)
                    whole = has_counts and counts[fields] != 0
                    if end >= 0 and whole and _may_be_grouped(data, begin, end, point):
                        end = -1
                    if end >= 0:
                        # The field must end where the number does.
                        place = end
                        byte = data[place]
                        if quoted:
                            place += 1
                            byte = data[place] if byte == QUOTE else 0
                        if byte == RETURN and data[place + 1] == NEWLINE:
                            place += 1
                            byte = NEWLINE
                        plain = byte in (delimiter, NEWLINE)
                if not plain:
                    # Find the end of the field, whatever it holds.
                    begin -= quoted
                    end = _field_end(data, begin, size, delimiter)
                    if end < 0:
                        slip = True
                        break
                    place = begin
                    while place < end:
                        line += data[place] == NEWLINE
                        place += 1
                    if data[place] == NEWLINE and end > begin and data[end - 1] == RETURN:
                        end -= 1
                    if end - begin > 1 and data[begin] == QUOTE and data[end - 1] == QUOTE:
                        begin += 1
                        end -= 1
                    if number >= 0:
                        cells[row, number] = _BLANK
                        odd[odds, 0] = row
                        odd[odds, 1] = number
                        odd[odds, 2] = begin
                        odd[odds, 3] = end
                        odds += 1
                if text >= 0:
                    spans[text, row, 0] = begin
                    spans[text, row, 1] = end
                fields += 1
                if data[place] == NEWLINE:
                    break
                place += 1
            if slip:
                # The record ends with the line on which the mark stands.
                fields = -1
                place = begin
                while data[place] != NEWLINE:
                    place += 1
            records[record, 1] = place
            records[record, 3] = fields
            record += 1
            if fields == width:
                row += 1
            else:
                odds = odds_before
            place += 1
            line += 1
    return row, record, odds


def read_numbers(
    data: cython.const[cython.uchar][::1],
    spans: cython.const[cython.longlong][:, ::1],
    point: cython.uchar,
    cells: cython.double[:, ::1],
    odd: cython.longlong[::1],
    counts: cython.bint = False,
) -> int:
    """Read the numbers of a column of texts, by the rules of `read_records`.

    Parameters
    ----------
    data : bytes
    spans : ndarray of int64, shape (rows, 2)
        Where each text begins and ends.
    point : int
    cells : ndarray of float64, shape (rows, 1)
        Takes the numbers; NaN where a text is blank or odd.
    odd : ndarray of int64, shape (rows,)
        Takes the rows whose text is odd.
    counts : bool, default=False
        Whether the numbers are counts.

    Returns
    -------
    int
        How many are odd.
    """
    row: cython.Py_ssize_t
    end: cython.Py_ssize_t
    odds: cython.Py_ssize_t = 0
    with cython.nogil:
        for row in range(spans.shape[0]):
            end = _number(data, spans[row, 0], spans[row, 1], point, cells, row, 0)
            if end >= 0 and counts and _may_be_grouped(data, spans[row, 0], end, point):
                end = -1
            if end != spans[row, 1]:
                cells[row, 0] = _BLANK
                odd[odds] = row
                odds += 1
    return odds


def copy_texts(
    data: cython.const[cython.uchar][::1],
    spans: cython.const[cython.longlong][:, ::1],
    offsets: cython.int[::1],
    out: cython.uchar[::1],
    undouble: cython.bint,
) -> None:
    """Copy stretches of text one after the other.

    Parameters
    ----------
    data : bytes
    spans : ndarray of int64, shape (texts, 2)
        Where each begins and ends.
    offsets : ndarray of int32, shape (texts + 1,)
        Takes where each begins in `out`, and where the last one ends.
    out : ndarray of uint8
        Has room for all.
    undouble : bool
        Whether two quotation marks in a quoted text become one.
    """
    QUOTE: cython.uchar = 34
    count: cython.Py_ssize_t = spans.shape[0]
    text: cython.Py_ssize_t
    place: cython.Py_ssize_t
    end: cython.Py_ssize_t
    size: cython.Py_ssize_t = 0
    quoted: cython.bint
    with cython.nogil:
        offsets[0] = 0
        for text in range(count):
            place, end = spans[text, 0], spans[text, 1]
            quoted = undouble and place > 0 and data[place - 1] == QUOTE
            while place < end:
                out[size] = data[place]
                size += 1
                if quoted and data[place] == QUOTE and place + 1 < end:
                    place += data[place + 1] == QUOTE
                place += 1
            offsets[text + 1] = cython.cast(cython.int, size)
