"""Tiny interpreters of what is emitted: just enough of each engine to evaluate it."""

import datetime as dt
import json
import math
import re

DAY = 86_400


class Expression:
    """Arithmetic, comparisons and calls, as Vespa and Solr write them."""

    TOKEN = re.compile(
        r"\s*(\d+\.?\d*(?:e[+-]?\d+)?|[A-Za-z_][\w.]*|[<>=!]=|[-+*/(),<>])", re.ASCII
    )

    def __init__(self, text, values, functions):
        self.tokens, at = [], 0
        text = text.strip()
        while at < len(text):
            found = self.TOKEN.match(text, at)
            assert found, f"cannot read {text[at:]!r}"
            self.tokens.append(found[1])
            at = found.end()
        self.values, self.functions = values, functions

    def value(self):
        found = self.compare()
        assert not self.tokens, self.tokens
        return found

    def take(self, *wanted):
        if self.tokens and (not wanted or self.tokens[0] in wanted):
            return self.tokens.pop(0)
        return None

    def compare(self):
        left = self.sum()
        mark = self.take("==", "<", ">=", "<=", ">", "!=")
        if mark is None:
            return left
        right = self.sum()
        tests = {"==": left == right, "!=": left != right, "<": left < right, ">": left > right}
        return float(tests[mark] if mark in tests else eval_order(mark, left, right))

    def sum(self):
        left = self.product()
        while mark := self.take("+", "-"):
            right = self.product()
            left = left + right if mark == "+" else left - right
        return left

    def product(self):
        left = self.atom()
        while mark := self.take("*", "/"):
            right = self.atom()
            left = left * right if mark == "*" else left / right
        return left

    def atom(self):
        token = self.take()
        if token == "(":
            found = self.compare()
            assert self.take(")")
            return found
        if token == "-":
            return -self.atom()
        if token[0].isdigit():
            return float(token)
        if self.tokens[:1] != ["("]:
            return self.values[token]
        assert self.take("(")
        arguments = []
        while True:
            name = self.tokens[0]
            # A field is handed to a function by its name.
            if token in BY_NAME and name[0].isalpha():
                arguments.append(self.take())
            else:
                arguments.append(self.compare())
            if self.take(")"):
                break
            assert self.take(",")
        return self.functions[token](*arguments)


def eval_order(mark, left, right):
    return left <= right if mark == "<=" else left >= right


def seconds(day):
    return (day - dt.date(1970, 1, 1)).days * DAY


def choose(condition, then, otherwise):
    return then if condition else otherwise


BY_NAME = ("attribute", "query", "bm25", "def", "exists")
MATHS = {"if": choose, "min": min, "max": max, "exp": math.exp}


# --- Elasticsearch and OpenSearch


def matches(query, doc, today, lookups=None):
    (kind, body), *rest = query.items()
    assert not rest
    if kind == "bool":
        wanted = all(matches(q, doc, today, lookups) for q in body.get("must", []))
        barred = body.get("must_not", [])
        barred = barred if isinstance(barred, list) else [barred]
        return wanted and not any(matches(q, doc, today, lookups) for q in barred)
    if kind == "match":
        return True
    ((field, test),) = body.items()
    if kind == "term":
        return doc.get(field) == test
    if kind == "terms":
        return doc[field] in lookups[test["index"], test["id"]][test["path"]]
    assert (kind, test) == ("range", {"lt": "now/d"})
    return doc.get(field) is not None and dt.date.fromisoformat(doc[field]) < today


def factor(function, doc):
    if "weight" in function:
        return function["weight"]
    rule = function["field_value_factor"]
    assert rule["modifier"] == "none"
    value = doc.get(rule["field"])
    return rule["factor"] * (rule["missing"] if value is None else value)


def function_score(search, doc, score, today, lookups=None):
    """The score of a document, or None when it does not match."""
    body = search["query"]["function_score"]
    if not matches(body["query"], doc, today, lookups):
        return None
    held = [factor(f, doc) for f in body["functions"] if matches(f["filter"], doc, today, lookups)]
    assert body["boost_mode"] == "multiply"
    if body["score_mode"] == "first":
        held = held[:1]
    return score * min(math.prod(held), body.get("max_boost", math.inf))


def bulk(text):
    """Documents of a bulk body by id."""
    lines = [json.loads(line) for line in text.split("\n") if line]
    found = {}
    for action, source in zip(lines[::2], lines[1::2], strict=True):
        ((kind, target),) = action.items()
        found[target["_id"]] = source["doc"] if kind == "update" else source
    return found


# --- Solr


def solr_boost(expression, doc, today):
    def fill(name, default):
        return default if doc.get(name) is None else doc[name]

    until = doc.get("trust_valid_to")
    values = {
        "TODAY": seconds(today) * 1000.0,
        "trust_valid_to": 0.0
        if until is None
        else seconds(dt.date.fromisoformat(until[:10])) * 1e3,
    }
    assert until is None or until.endswith("T00:00:00Z")
    functions = MATHS | {
        "def": fill,
        "exists": lambda name: doc.get(name) is not None,
        "and": lambda *all_of: all(all_of),
        "gt": lambda left, right: left > right,
        "eq": lambda left, right: left == right,
        "ms": lambda left, right: left - right,
    }
    return Expression(expression.replace("NOW/DAY", "TODAY"), values, functions).value()


# --- Vespa


def vespa_profile(text):
    """Functions, first phase, drop limit and default strength of a rank profile."""
    functions = dict(re.findall(r"function (\w+)\(\) \{\s*expression: (.*)\n", text))
    first = re.search(r"first-phase \{\s*expression: (.*)\n", text)[1]
    limit = float(re.search(r"rank-score-drop-limit: (\S+)", text)[1])
    strength = float(re.search(r"query\(trust_strength\) double: (\S+)", text)[1])
    return functions, first, limit, strength


def vespa_score(profile, doc, score, now, strength=None):
    functions, first, limit, default = vespa_profile(profile)
    blank = float("nan")

    def attribute(name):
        value = doc.get(name)
        return blank if value is None else float(value)

    calls = MATHS | {
        "attribute": attribute,
        "query": lambda name: default if strength is None else strength,
        "bm25": lambda field: score,
        "isNan": lambda value: float(math.isnan(value)),
    }

    class Named(dict):
        def __missing__(self, name):
            return Expression(functions[name], self, calls).value()

    found = Expression(first, Named(now=float(now)), calls).value()
    return None if found < limit else found


# --- Typesense and Algolia


def typesense_key(search, doc, bucket):
    """What a document is sorted by, highest first; None when it is filtered out."""
    field, barred = re.fullmatch(r"(\w+):!=(\w+)", search["filter_by"]).groups()
    if doc.get(field) == barred:
        return None
    # The server refuses a second _eval.
    (cases,) = re.fullmatch(
        r"_text_match\(buckets: \d+\):desc,_eval\(\[(.*)\]\):desc", search["sort_by"]
    ).groups()
    points = []
    for name, mark, words, value in re.findall(r"\((\w+):(!?=)\[?([\w,]+)\]?\):(\d+)", cases):
        # A record without the field meets a negative condition.
        if (doc.get(name) in words.split(",")) != (mark == "!="):
            points.append(int(value))
    assert len(points) <= 1, "the order of the conditions must not matter"
    return bucket, *(points or [0])


def algolia_points(search, doc):
    """The filter score of a record; None when it is filtered out."""
    field, barred = re.fullmatch(r"NOT (\w+):(\w+)", search["filters"]).groups()
    if doc.get(field) == barred:
        return None
    assert search["sumOrFiltersScores"]
    (either,) = search["optionalFilters"]
    total = 0
    for text in either:
        name, negative, word, score = re.fullmatch(r"(\w+):(-?)(\w+)<score=(\d+)>", text).groups()
        if (doc.get(name) == word) != bool(negative):
            total += int(score)
    return total


# --- Redis


def redis_commands(data):
    """Commands of a protocol stream, as lists of text."""
    at, found = 0, []

    def line():
        nonlocal at
        end = data.index(b"\r\n", at)
        text, at = data[at:end], end + 2
        return text

    while at < len(data):
        count = line()
        assert count[:1] == b"*"
        words = []
        for _ in range(int(count[1:])):
            size = line()
            assert size[:1] == b"$"
            words.append(data[at : at + int(size[1:])].decode())
            at += int(size[1:]) + 2
            assert data[at - 2 : at] == b"\r\n"
        found.append(words)
    return found


class Redis:
    """Just enough of a server."""

    def __init__(self, commands, now=0):
        self.keys, self.ends, self.now = {}, {}, now
        for name, key, *rest in commands:
            getattr(self, name.lower())(key, *rest)

    def hset(self, key, *pairs):
        assert len(pairs) % 2 == 0
        self.keys.setdefault(key, {}).update(zip(pairs[::2], pairs[1::2], strict=True))

    def set(self, key, value):
        self.keys[key] = value
        self.ends.pop(key, None)

    def delete(self, key):
        self.keys.pop(key, None)

    def expireat(self, key, at):
        assert key in self.keys
        self.ends[key] = int(at)

    def persist(self, key):
        self.ends.pop(key, None)

    def get(self, key):
        return None if self.ends.get(key, math.inf) <= self.now else self.keys.get(key)


setattr(Redis, "del", Redis.delete)  # a command by the name of a keyword
