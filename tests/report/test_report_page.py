"""The report in a real browser: it renders, searches, sorts, and asks for nothing."""

import csv

import pytest

from tests.browser import Browser, browser  # noqa: F401
from trustscore.report.files import public_files, report_files
from trustscore.simulate.files import write_market

pytestmark = pytest.mark.browser
HOSTILE = [
    "<script>document.title='owned'</script>",
    "</script><img src=x onerror=nobody()>",
    '=HYPERLINK("http://example.com")',
    "\"'><b>&amp;",
    "shop {{ 7 * 7 }}",
    "متجر",
    "店铺",
    "\x1b[31mred",
    "two\nlines",
    # This is no id: its row is rejected, and counted.
    "left\u202eright\u2066end",
]


def write_hostile(path, merchants=180, seed=3):
    """A market with hostile ids in the first rows."""
    write_market(str(path), merchants, seed, "minimal")
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    for row, name in zip(rows, HOSTILE, strict=False):
        row[0] = name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    old, new = (write_hostile(folder / f"{seed}.csv", seed=seed) for seed in (3, 4))
    out = folder / "report.html"
    done = report_files(
        new, out, scorecard="minimal", previous=old, merchants=[*HOSTILE[:9], "m0000012"]
    )
    assert (done.merchants, done.panels, done.size) == (179, 10, out.stat().st_size)
    return out


@pytest.fixture
def driver(browser: Browser, page):  # noqa: F811
    driver = browser.open(page)
    wait(driver, "return document.getElementById('table').dataset.ready")
    yield driver
    assert browser.console() == []
    assert {url.partition("#")[0] for url in browser.requests()} == {page.as_uri()}


def wait(driver, script):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, 20).until(lambda d: d.execute_script(script))


def click(driver, element):
    """Click with the element in the middle: the bar of contents sticks to the top."""
    driver.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
    )
    element.click()


def ids(driver):
    return driver.execute_script(
        "return [...document.querySelectorAll('#table tbody th')].map(e => e.textContent)"
    )


def column(driver, place):
    return driver.execute_script(
        "return [...document.querySelectorAll('#table tbody tr')]"
        ".map(e => e.cells[arguments[0]].textContent)",
        place,
    )


def found(driver):
    return driver.find_element("id", "found").text


def search(driver, text):
    field = driver.find_element("id", "search")
    field.clear()
    field.send_keys(text)


def test_it_renders_the_lowest_first(driver):
    assert driver.title == "Trust report"
    assert found(driver) == "1 to 50 of 179"
    indices = [float(text) for text in column(driver, 1)]
    assert indices == sorted(indices)
    names = driver.execute_script(
        "return [...document.querySelectorAll('main > section')].map(e => e.id)"
    )
    assert names == [
        "overview",
        "movers",
        "signals",
        "rules",
        "rejects",
        "drift",
        "merchants",
        "panels",
    ]


def test_it_searches_and_says_when_nothing_matches(driver):
    search(driver, "M00000")
    wait(driver, "return document.getElementById('found').textContent.endsWith(' of 89')")
    assert all(name.startswith("m00000") for name in ids(driver))
    search(driver, "nobody at all")
    wait(driver, "return document.querySelectorAll('#table tbody tr').length === 0")
    assert found(driver) == "No merchant matches."


def test_it_sorts_both_ways_and_says_so(driver):
    head = driver.find_element("css selector", "th[data-key=boost]")
    button = head.find_element("tag name", "button")
    button.send_keys("\ue007")  # Enter
    assert head.get_attribute("aria-sort") == "descending"
    first = [float(text) for text in column(driver, 6)]
    assert first == sorted(first, reverse=True)
    click(driver, button)
    assert head.get_attribute("aria-sort") == "ascending"
    assert float(column(driver, 6)[0]) <= min(first)
    assert len(driver.find_elements("css selector", "th[aria-sort]")) == 1


def test_it_filters_and_turns_pages(driver):
    click(driver, driver.find_element("id", "forth"))
    assert found(driver) == "51 to 100 of 179"
    choice = driver.find_element("id", "by-status")
    click(driver, choice.find_elements("tag name", "option")[1])
    assert len({*column(driver, 4)}) == 1
    assert not driver.find_element("id", "back").is_enabled()


def test_it_speaks_both_languages(driver):
    click(driver, driver.find_element("id", "language"))
    assert driver.title == "信任指数报告"
    assert driver.find_element("css selector", "#overview h2").text == "概览"
    assert driver.find_element("id", "search").get_attribute("placeholder") == "按编号搜索"
    assert found(driver).startswith("第 1 至 50 家")
    assert (
        driver.find_element("css selector", "svg.histogram > title").get_attribute("textContent")
        == "商家的信任指数分布"
    )
    click(driver, driver.find_element("id", "language"))
    assert driver.find_element("css selector", "#overview h2").text == "Overview"


def test_it_is_light_or_dark_as_the_system_is_until_told_otherwise(driver, browser):  # noqa: F811
    def paper():
        return driver.execute_script("return getComputedStyle(document.body).backgroundColor")

    browser.prefer(prefers_color_scheme="dark")
    dark = paper()
    browser.prefer(prefers_color_scheme="light")
    light = paper()
    assert dark != light
    click(driver, driver.find_element("id", "theme"))
    assert paper() == dark
    click(driver, driver.find_element("id", "theme"))
    assert paper() == light


def test_hostile_ids_stay_texts(driver):
    search(driver, "<script>")
    wait(driver, "return document.querySelectorAll('#table tbody tr').length === 1")
    assert ids(driver) == [HOSTILE[0]]
    click(driver, driver.find_element("css selector", "#table tbody a"))
    panel = wait(driver, "return document.querySelector('details[open]')")
    assert panel.find_element("css selector", "summary bdi").text == HOSTILE[0]
    assert driver.execute_script("return document.images.length") == 0
    assert driver.execute_script("return document.scripts.length") == 3
    text = driver.find_element("css selector", "main").get_attribute("textContent")
    assert not {*"\u202e\u2066\x1b"} & {*text}
    assert "{{ 7 * 7 }}" in text and "متجر" in text and "two\\nlines" in text
    assert "a merchant_id is a text of at most 256 bytes" in text


@pytest.mark.slow
def test_the_keyboard_reaches_the_content_first(driver):
    first = driver.execute_script(
        "return document.querySelector('a, button, input, select, summary').className"
    )
    assert first == "skip"
    for table in driver.find_elements("tag name", "table"):
        assert table.find_element("tag name", "caption").get_attribute("textContent").strip()
    for chart in driver.find_elements("css selector", "svg"):
        names = chart.get_attribute("aria-labelledby").split()
        assert all(
            driver.find_element("id", name).get_attribute("textContent").strip() for name in names
        )


def test_a_printed_page_has_every_panel_and_no_buttons(driver):
    printed = driver.execute_script(
        "dispatchEvent(new Event('beforeprint'));"
        "const open = document.querySelectorAll('details[open]').length;"
        "dispatchEvent(new Event('afterprint'));"
        "return [open, document.querySelectorAll('details[open]').length]"
    )
    assert printed == [10, 0]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not driver.find_element("id", "search").is_displayed()
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_public_page_is_as_quiet(browser: Browser, page, tmp_path):  # noqa: F811
    out = tmp_path / "public.html"
    export = page.parent / "4.csv"
    public_files(export, out, scorecard="minimal", previous=page.parent / "3.csv", lang="zh")
    driver = browser.open(out)
    assert driver.title == "信任指数公开报告"
    click(driver, driver.find_element("id", "language"))
    assert driver.find_element("tag name", "h1").text == "Trust report for the public"
    assert browser.console() == [] and browser.requests() == [out.as_uri()]


def test_a_narrow_window_scrolls_down_only(driver):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False},
    )
    try:
        driver.execute_script("for (const e of document.querySelectorAll('details')) e.open = true")
        wide = driver.execute_script(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide[0] <= wide[1]
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_have_the_contrast_of_aa(driver, theme):
    driver.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)

    def luminance(name):
        text = driver.execute_script(
            "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0])",
            name,
        ).strip()
        parts = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return sum(x * y for x, y in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))

    for ground in ("--paper", "--card"):
        for ink in ("--ink", "--soft", "--accent", "--gain-ink", "--loss-ink"):
            high, low = sorted((luminance(ground), luminance(ink)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ground, ink)
