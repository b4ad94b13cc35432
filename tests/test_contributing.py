"""CONTRIBUTING.md is true: its addresses exist, and its picture shows the floors."""

import re
from pathlib import Path

from tests.test_layers import FLOORS

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_address_exists():
    named = set(re.findall(r"`((?:trustscore|tests|docs|\.ci)/[\w./*]*)`", TEXT))
    assert "trustscore/scorecard/curves.py" in named
    assert [path for path in sorted(named) if not list(ROOT.glob(path.rstrip("/")))] == []


def test_every_registry_stands_where_it_says():
    for name, path in re.findall(
        r"`([A-Z_]+|[A-Z]\w+)` (?:of|in)\s+`(trustscore/[\w/]+\.py)`", TEXT
    ):
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(class )?{name}\b", source, flags=re.MULTILINE), f"{name} in {path}"


def test_the_picture_shows_every_room_on_its_floor():
    picture = re.search(r"## The rooms.*?```\n(.*?)```", TEXT, flags=re.DOTALL)[1]
    floors = [
        set(re.findall(r"\w+", re.split(r"\s{4,}", line)[0])) for line in picture.splitlines()
    ]
    place = {room: at for at, floor in enumerate(reversed(floors)) for room in floor}
    order = [sorted({place[room] for room in floor if room in place}) for floor in FLOORS]
    drawn = [at for at in order if at]
    assert drawn == sorted(drawn)
    rooms = {path.stem for path in (ROOT / "trustscore").iterdir() if not path.name.startswith("_")}
    rooms -= {"py", "compiled", "uncompiled", "languages"}
    assert {room for room in rooms if (ROOT / "trustscore" / room).is_dir()} <= set(place)
