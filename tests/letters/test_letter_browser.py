"""Letters in a real browser: they show, say nothing on the console and ask for nothing."""

import json
from pathlib import Path

import pytest

from tests.browser import Browser, browser  # noqa: F401 (a fixture)
from tests.letters.terms_example import terms_with
from trustscore.letters.files import letter_files
from trustscore.simulate.files import write_market

pytest.importorskip("jinja2")
pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_letter_shows_and_asks_for_nothing(browser: Browser, tmp_path, lang):  # noqa: F811
    write_market(tmp_path / "3.csv", 9, 3, "minimal")
    terms = terms_with(
        platform__name={lang: HOSTILE, "en": HOSTILE},
        decision__scope={
            lang: HOSTILE,
            "en": HOSTILE,
        },
    )
    path = tmp_path / "terms.json"
    path.write_text(json.dumps(terms), encoding="utf-8")
    out = tmp_path / "out"
    letter_files(
        tmp_path / "3.csv",
        out,
        path,
        scorecard="minimal",
        lang=lang,
        with_plan=False,
        previous=tmp_path / "3.csv",
    )
    driver = browser.open(Path(out, "000001.html"))
    shown = driver.find_element("tag name", "body").text
    assert HOSTILE in shown and "m0000001" in shown
    assert ("信任指数" if lang == "zh" else "Trust index") in shown
    assert driver.find_element("tag name", "html").get_attribute("lang").startswith(lang)
    heads = [each.text for each in driver.find_elements("tag name", "h2")]
    assert len(heads) >= 7 and heads[0].startswith("1. ")
    assert not driver.find_elements("css selector", "script, img, iframe, a, form")
    # Nothing runs out of the page at a phone's width.
    driver.set_window_size(500, 900)
    width, client = driver.execute_script(
        "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"
    )
    assert width <= client
    assert browser.console() == []
    assert [each for each in browser.requests() if not each.endswith("000001.html")] == []
