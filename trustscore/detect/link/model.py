"""Pairs of records that may be of one holder: blocks, levels and weights, by splink."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from trustscore.detect.link.learning import learn
from trustscore.detect.link.records import HASHED, Cells, Records, Side, read_records
from trustscore.detect.link.settings import LEVELS, LinkSpec, shape
from trustscore.errors import InputError
from trustscore.typing import BoolArray, FloatArray, IntArray

__all__ = ["LinkNotInstalled", "Links", "link_cells"]

_SEED = 1
_NAMES = ("a", "b")


class LinkNotInstalled(InputError):
    """The library splink is not there."""


class Links(NamedTuple):
    """Pairs that were compared, in order of their records.

    Attributes
    ----------
    left, right : ndarray of int
        Numbers of the records.
    probability : ndarray of float
        That both are of one holder.
    levels : ndarray of int
        By pair and field, the place in `LEVELS`; -1 where a value is missing.
    weights : ndarray of float
        By pair and field, what it says, in bits; `prior` and these add up to the log odds.
    prior : float
    learnt : dict of str to list of float
        Of each field, how often true pairs are so alike, by level.
    wide : int
        Values that too many pairs share: none was compared for one of them alone.
    """

    left: IntArray
    right: IntArray
    probability: FloatArray
    levels: IntArray
    weights: FloatArray
    prior: float
    learnt: dict[str, list[float]]
    wide: int

    def only(self, stay: Any) -> Links:
        """Return some of the pairs."""
        return self._replace(
            left=self.left[stay],
            right=self.right[stay],
            probability=self.probability[stay],
            levels=self.levels[stay],
            weights=self.weights[stay],
        )


def link_cells(
    left: Cells,
    right: Cells | None,
    roles: Mapping[str, str],
    spec: LinkSpec,
    *,
    who: Mapping[str, str] | None = None,
    holders: tuple[Sequence[Hashable], Sequence[Hashable]] | None = None,
) -> Links:
    """Compare two lists of records, or the records of one list with each other.

    Parameters
    ----------
    left, right : mapping of str to sequence
        Fields. Without `right`, pairs within `left`.
    roles : mapping of str to str
        As what each field is compared.
    spec : LinkSpec
    who : mapping of str to str, optional
        Fields that say who somebody is, with how alike one of them has to be: a pair where none
        is scores `household` at most.
    holders : tuple of two sequences, optional
        Whose each record is, in `left` and in `right`; by default each is somebody else's.

    Raises
    ------
    LinkNotInstalled
        Without splink.
    """
    fields = list(roles)
    shapes = {field: shape(role) for field, role in roles.items()}
    records = read_records(left, right, roles, spec)
    n = records.left.rows
    pairs = n * (n - 1) / 2 if records.right is None else float(n * records.right.rows)
    with _Splink(records, shapes, spec) as linker:
        count, wide = linker.block(spec.block)
        one, other, levels, evidence = linker.compare(count)
    start = [_start(shapes[field], spec) for field in fields]
    named = _named(levels, evidence, start, fields, shapes, who)
    found = learn(
        levels,
        evidence,
        start,
        named,
        strength=spec.learn,
        expected=min(spec.returning * (n if holders is None else len(set(holders[0]))), pairs / 2),
        pairs=pairs,
    )
    probability = np.where(named, found.probability, np.minimum(found.probability, spec.household))
    learnt = {field: share.tolist() for field, share in zip(fields, found.shares, strict=True)}
    links = Links(one, other, probability, levels, found.weights, found.prior, learnt, wide)
    if not spec.one_to_one:
        return links
    a, b = holders or (range(n), range(n if records.right is None else records.right.rows))
    return links.only(_one_to_one(links, a, b, alone=records.right is None))


def _one_to_one(
    links: Links, left: Sequence[Hashable], right: Sequence[Hashable], *, alone: bool
) -> IntArray:
    """Return places of pairs of which no two share a holder: the likeliest are taken first."""
    order = np.lexsort((links.right, links.left, -links.weights.sum(axis=1), -links.probability))
    ones: set[Hashable] = set()
    others = ones if alone else set()
    kept = []
    for place in order.tolist():
        a, b = left[links.left[place]], right[links.right[place]]
        if a not in ones and b not in others:
            ones.add(a)
            others.add(b)
            kept.append(place)
    return np.array(sorted(kept), dtype=np.int64)


def _named(
    levels: IntArray,
    evidence: FloatArray,
    start: Sequence[Sequence[float]],
    fields: list[str],
    shapes: Mapping[str, str],
    who: Mapping[str, str] | None,
) -> BoolArray:
    """Return in which pairs something says that it is the same person or firm.

    Where strangers are called alike more often than one person is, a name says nothing.
    """
    if who is None:
        return np.ones(len(levels), dtype=np.bool_)
    found = np.zeros(len(levels), dtype=np.bool_)
    for field, level in who.items():
        if field in shapes:
            at = fields.index(field)
            known = np.maximum(levels[:, at], 0)
            speaks = np.log2(np.asarray(start[at]))[known] + evidence[:, at] > 0
            found |= speaks & (levels[:, at] >= LEVELS[shapes[field]].index(level))
    return found


def _start(kind: str, spec: LinkSpec) -> Sequence[float]:
    found: Sequence[float] = getattr(spec.start, "key" if kind == "class" else kind)
    return found


def _comparison(c: str, kind: str, spec: LinkSpec) -> dict[str, Any]:
    """Return a comparison of a column as splink wants it, its levels from most alike to least."""
    levels: list[str] = []
    missing = f"{c}_l IS NULL OR {c}_r IS NULL"
    same = f"{c}_l = {c}_r"
    # Shop 12 is not shop 13, and a house is not its neighbour.
    numbers = f"{c}_numbers_l = {c}_numbers_r AND "
    if kind == "name":
        hashed = f"({c}_l[1] = '{HASHED}')"
        missing += f" OR {hashed} <> {hashed.replace('_l', '_r')}"
        alike = (
            f"NOT {hashed} AND greatest(jaro_winkler_similarity({c}_l, {c}_r),"
            f" jaro_winkler_similarity({c}_read_l, {c}_read_r)) >= "
        )
        levels = [numbers + alike + str(spec.name.close), alike + str(spec.name.like)]
    elif kind == "address":
        hashed = f"({c}_l[1] = '{HASHED}')"
        missing += f" OR {hashed} <> {hashed.replace('_l', '_r')}"
        missing += f" OR (({c}_busy_l OR {c}_busy_r) AND {c}_l <> {c}_r)"
        alike = (
            f"NOT {hashed} AND 1 - levenshtein({c}_l, {c}_r) / greatest(length({c}_l),"
            f" length({c}_r), 1) >= "
        )
        levels = [
            numbers + alike + str(spec.address.close),
            alike + str(spec.address.like),
        ]
    start = _start(kind, spec)
    made: list[dict[str, Any]] = [
        {"sql_condition": missing, "is_null_level": True},
        {"sql_condition": same, "m_probability": start[-1], "tf_adjustment_column": c},
    ]
    for place, condition in enumerate(levels):
        made.append({"sql_condition": condition, "m_probability": start[-2 - place]})
    made.append({"sql_condition": "ELSE", "m_probability": start[0]})
    return {"output_column_name": c, "comparison_levels": made}


class _Splink:
    """Splink on a DuckDB in memory, which writes nothing anywhere.

    One thread and sorted rows: the same records give the same bits.
    """

    def __init__(self, records: Records, shapes: Mapping[str, str], spec: LinkSpec) -> None:
        try:
            import duckdb
            from splink import DuckDBAPI, Linker
        except ModuleNotFoundError as error:
            raise LinkNotInstalled(
                "to find likely re-registrations needs the Python package splink, which is not"
                " installed: install the extra link"
            ) from error
        self._linker_type = Linker
        self._con = duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""})
        for setting in ("enable_external_access", "autoinstall_known_extensions"):
            self._con.execute(f"SET {setting}=false")
        self._con.execute("SET lock_configuration=true")
        logging.getLogger("splink").setLevel(logging.ERROR)
        self._api = DuckDBAPI(self._con)
        self._shapes, self._spec, self._records = shapes, spec, records
        sides = [records.left] if records.right is None else [records.left, records.right]
        for name, side in zip(_NAMES, sides, strict=False):
            self._load(name, side)

    def __enter__(self) -> _Splink:
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()

    def _load(self, name: str, side: Side) -> None:
        numbers = {field: f"c{number}" for number, field in enumerate(self._shapes)}
        columns = {"unique_id": np.arange(side.rows)}
        for field, column in numbers.items():
            for ending in ("", "_read", "_numbers", "_busy"):
                if f"{field}{ending}" in side.columns:
                    columns[f"{column}{ending}"] = side.columns[f"{field}{ending}"]
        for table, given in ((name, columns), (f"{name}_keys", {"id": side.of, "key": side.key})):
            self._con.register("given", given)
            typed = ", ".join(
                f"CAST({c} AS VARCHAR) AS {c}" if values.dtype == object else c
                for c, values in given.items()
            )
            self._con.execute(f"CREATE TABLE {table} AS SELECT {typed} FROM given")
            self._con.unregister("given")

    @property
    def _alone(self) -> bool:
        return self._records.right is None

    def block(self, most: int) -> tuple[int, int]:
        """Make the table of pairs to compare; return how many, and how many keys are too wide."""
        other = "a_keys" if self._alone else "b_keys"
        n = "n * (n - 1) / 2" if self._alone else "n * m"
        self._con.execute(
            "CREATE TABLE keys AS SELECT key, n, m FROM"
            " (SELECT key, count(DISTINCT id) AS n FROM a_keys GROUP BY key)"
            f" JOIN (SELECT key, count(DISTINCT id) AS m FROM {other} GROUP BY key) USING (key)"
        )
        apart = "a.id < b.id" if self._alone else "TRUE"
        join = "" if self._alone else "'{}-__-' || "
        self._con.execute(
            f"CREATE TABLE pairs AS SELECT 0 AS match_key, {join.format('a')}one AS join_key_l,"
            f" {join.format('b')}other AS join_key_r FROM (SELECT DISTINCT a.id AS one,"
            f" b.id AS other FROM keys AS k JOIN a_keys AS a ON a.key = k.key JOIN {other} AS b"
            f" ON b.key = k.key WHERE {n} <= {most} AND {apart})"
        )
        [(count,)] = self._con.execute("SELECT count(*) FROM pairs").fetchall()
        [(wide,)] = self._con.execute(f"SELECT count(*) FROM keys WHERE {n} > {most}").fetchall()
        return int(count), int(wide)

    def compare(self, count: int) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
        """Return both records of each pair, how alike each field is, and what that says."""
        fields = len(self._shapes)
        if not count:
            none = np.zeros(0, dtype=np.int64)
            return none, none, np.zeros((0, fields), dtype=np.int64), np.zeros((0, fields))
        tables = [
            self._api.register(name, dataset_display_name=name)
            for name in (_NAMES[:1] if self._alone else _NAMES)
        ]
        settings = {
            "link_type": "dedupe_only" if self._alone else "link_only",
            "comparisons": [
                _comparison(f"c{number}", kind, self._spec)
                for number, kind in enumerate(self._shapes.values())
            ],
            "blocking_rules_to_generate_predictions": [],
            "retain_intermediate_calculation_columns": True,
            "linker_uid": "trustscore",
        }
        trainer = self._linker_type(tables, settings, log_level=None)
        trainer.training.estimate_u_using_random_sampling(
            max_pairs=self._spec.sample, seed=_SEED, min_count_per_level=None, num_chunks=1
        )
        chance = self._chance(trainer.misc.save_model_to_json())
        trainer.table_management.register_blocked_pairs_for_predict(self._api.register("pairs"))
        scored = trainer.inference.predict(warning_mode="never").physical_name
        levels = ", ".join(f"gamma_c{n}" for n in range(fields))
        often = ", ".join(f"coalesce(tf_c{n}_l, 1) AS tf{n}" for n in range(fields))
        got = self._con.execute(
            f"SELECT unique_id_l, unique_id_r, {levels}, {often} FROM {scored}"
            " ORDER BY unique_id_l, unique_id_r"
        ).fetchnumpy()
        level = np.stack([got[f"gamma_c{n}"].astype(np.int64) for n in range(fields)], axis=1)
        evidence = np.zeros(level.shape)
        for n, by_level in enumerate(chance):
            known = level[:, n] >= 0
            evidence[known, n] = -np.log2(by_level)[level[known, n]]
            # Two that have the same value: how often it is this value.
            same = level[:, n] == len(by_level) - 1
            evidence[same, n] = -np.log2(got[f"tf{n}"][same])
        return got["unique_id_l"], got["unique_id_r"], level, evidence

    def _chance(self, model: dict[str, Any]) -> list[FloatArray]:
        """Return of each field how often strangers are so alike, by level.

        Nothing is rarer among strangers than the sample can tell.
        """
        n = self._records.left.rows
        pairs = n * (n - 1) / 2 if self._records.right is None else n * self._records.right.rows
        least = 1 / (min(pairs, self._spec.sample) + 1)
        out = []
        for comparison in model["comparisons"]:
            levels = [e for e in comparison["comparison_levels"] if not e.get("is_null_level")]
            # As splink lists them, from most alike to least.
            found = [entry.get("u_probability") for entry in reversed(levels)]
            out.append(np.array([max(least, u) if isinstance(u, float) else least for u in found]))
        return out
