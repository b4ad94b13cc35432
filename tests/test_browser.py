"""The browser that tests use sees what it is there to see."""

import pytest

from tests.browser import Browser, browser  # noqa: F401

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>A page</title><h1>Hello</h1>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==" alt="">
<script>document.querySelector("h1").textContent += ", reader"</script>"""


def test_a_quiet_page_runs_and_asks_for_nothing_but_itself(browser: Browser, tmp_path):  # noqa: F811
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    driver = browser.open(page)
    assert driver.title == "A page"
    assert driver.find_element("tag name", "h1").text == "Hello, reader"
    assert browser.console() == []
    assert browser.requests() == [page.as_uri()]


def test_a_request_and_an_error_are_seen(browser: Browser, tmp_path):  # noqa: F811
    page = tmp_path / "loud.html"
    page.write_text(PAGE + '<img src="beside.png"><script>nobody()</script>', encoding="utf-8")
    browser.open(page)
    assert (tmp_path / "beside.png").as_uri() in browser.requests()
    assert any("nobody is not defined" in line for line in browser.console())


def test_media_features_are_emulated(browser: Browser):  # noqa: F811
    asks = "return matchMedia('(prefers-color-scheme: dark)').matches"
    browser.prefer(prefers_color_scheme="dark")
    assert browser.driver.execute_script(asks)
    browser.prefer(prefers_color_scheme="light")
    assert not browser.driver.execute_script(asks)
