"""The workbench in a real browser."""

import threading
import time

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("fastapi")

from tests.browser import Browser, browser  # noqa: F401
from tests.web.benches import bench_of
from trustscore.web.server import address, create_app, listen

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    import uvicorn

    folder = tmp_path_factory.mktemp("cards")
    held = listen(0)
    port = held.getsockname()[1]
    bench = bench_of(folder, 3000, sample_size=1000)
    config = uvicorn.Config(create_app(bench, "secret", port), log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]}, daemon=True)
    thread.start()
    yield address(held, "secret"), folder
    server.should_exit = True
    thread.join(10)
    held.close()


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def cell(driver, row, column):
    return driver.execute_script(
        "return document.querySelector('#tiers tbody').rows[arguments[0]].cells[arguments[1]]"
        ".textContent",
        row,
        column,
    )


def opened(browser, where):  # noqa: F811
    """Return the page with the figures of everybody."""
    driver = browser.open(where)
    until(lambda: driver.execute_script("return document.body.dataset.state") == "whole")
    return driver


def test_a_round_at_the_workbench(browser, served):  # noqa: F811
    where, folder = served
    driver = browser.open(where)
    state = lambda: driver.execute_script("return document.body.dataset.state")  # noqa: E731
    find = lambda css: driver.find_element("css selector", css)  # noqa: E731
    until(lambda: state() == "whole")
    assert "token" not in driver.current_url
    before = cell(driver, 1, 3)
    assert before == cell(driver, 1, 1)
    # A slider is moved by keys, as people without a mouse do.
    slider = find('[data-address="tiers.ladder.standard.at"]')
    for _ in range(10):
        slider.send_keys("\ue014")
    until(lambda: state() == "whole" and cell(driver, 1, 3) != before)
    assert find('[data-number="tiers.ladder.standard.at"]').get_property("value") == "65"
    # A fault is a sentence on the page.
    number = find('[data-number="tiers.ladder.standard.at"]')
    number.clear()
    number.send_keys("90")
    until(lambda: "must be above" in find("#fault").text)
    number.clear()
    number.send_keys("66")
    until(lambda: not find("#fault").is_displayed())
    # Hostile ids are text.
    for hostile, shown in (("<script>alert(1)</script>",) * 2, ("\u202eevil", "\\u202eevil")):
        driver.execute_script("document.getElementById('merchant').value = arguments[0]", hostile)
        find("#lookup button").click()
        until(lambda shown=shown: shown in find("#statement").text)
        assert len(driver.find_elements("css selector", "#statement svg")) == 2
    assert driver.execute_script("return document.scripts.length") == 3
    find("#audit").click()
    until(lambda: find("#findings").text)
    # Nothing is written before the differences were shown and the button was pressed.
    find("#saving button").click()
    until(lambda: "+at = 66" in find("#diff").text)
    assert list(folder.iterdir()) == []
    find("#write").click()
    until(lambda: "minimal-1.2.0.toml" in find("#saved").text)
    assert 'version = "1.2.0"' in (folder / "minimal-1.2.0.toml").read_text(encoding="utf-8")
    # A second time the page says that the file exists, and asks.
    find("#saving button").click()
    until(lambda: find("#replace-row").is_displayed())
    assert not find("#write").is_enabled()
    find("#language").click()
    until(lambda: driver.title.endswith("评分工作台"))
    assert find("#statement").text
    until(lambda: state() == "whole")
    errors = [line for line in browser.console() if "422" not in line]
    assert errors == []
    assert {url.split("/")[2] for url in browser.requests()} == {where.split("/")[2]}


def test_a_page_that_is_opened_again_begins_anew(browser, served):  # noqa: F811
    where, _ = served
    driver = opened(browser, where)
    slider = driver.find_element("css selector", '[data-address="tiers.ladder.standard.at"]')
    for _ in range(3):
        slider.send_keys("\ue014")
    driver = opened(browser, where)
    number = driver.find_element("css selector", '[data-number="tiers.ladder.standard.at"]')
    assert number.get_property("value") == "60"


HOLD = """
const fetched = window.fetch, [slow, merchant] = arguments;
window.answered = 0;
window.fetch = async (path, request) => {
  const answer = await fetched(path, request);
  if (path === slow && (!merchant || JSON.parse(request.body).id === merchant)) {
    await new Promise((done) => setTimeout(done, 1000));
    setTimeout(() => { window.answered += 1; }, 100);
  }
  return answer;
};
"""


def test_of_two_merchants_the_one_asked_for_last_stays(browser, served):  # noqa: F811
    where, _ = served
    driver = opened(browser, where)
    find = lambda css: driver.find_element("css selector", css)  # noqa: E731
    slow, quick = "<script>alert(1)</script>", "\u202eevil"
    driver.execute_script(HOLD, "api/merchant", slow)
    for merchant in (slow, quick):
        driver.execute_script("document.getElementById('merchant').value = arguments[0]", merchant)
        find("#lookup button").click()
    until(lambda: driver.execute_script("return window.answered") == 1)
    assert "evil" in find("#statement").text
    # One whom nobody knows is told, and the one on the page follows what is changed.
    driver.execute_script("document.getElementById('merchant').value = 'nobody at all'")
    find("#lookup button").click()
    until(lambda: find("#fault").is_displayed())
    find("#language").click()
    until(lambda: not find("#fault").is_displayed())
    assert "evil" in find("#statement").text


@pytest.mark.parametrize(
    ("path", "button", "box"),
    [("api/preview", "#saving button", "#difference"), ("api/audit", "#audit", "#findings")],
)
def test_an_answer_about_what_was_moved_since_is_not_shown(browser, served, path, button, box):  # noqa: F811
    where, folder = served
    driver = opened(browser, where)
    find = lambda css: driver.find_element("css selector", css)  # noqa: E731
    number = find('[data-number="tiers.ladder.standard.at"]')
    driver.execute_script(HOLD, path)
    before = set(folder.iterdir())
    find(button).click()
    number.clear()
    number.send_keys("63")
    until(lambda: driver.execute_script("return window.answered") == 1)
    assert find(box).text == ""
    find(button).click()
    until(lambda: find(box).text)
    assert "+at = 63" in find(box).text or path == "api/audit"
    assert set(folder.iterdir()) == before


def test_differences_asked_for_while_a_file_is_written_stay(browser, served):  # noqa: F811
    where, folder = served
    driver = opened(browser, where)
    find = lambda css: driver.find_element("css selector", css)  # noqa: E731
    driver.execute_script("document.getElementById('file').value = 'held.toml'")
    find("#saving button").click()
    until(lambda: find("#write").is_displayed())
    driver.execute_script(HOLD, "api/save")
    find("#write").click()
    number = find('[data-number="tiers.ladder.standard.at"]')
    number.clear()
    number.send_keys("64")
    find("#saving button").click()
    until(lambda: "+at = 64" in find("#diff").text)
    until(lambda: driver.execute_script("return window.answered") == 1)
    assert "+at = 64" in find("#diff").text
    assert "at = 64" not in (folder / "held.toml").read_text(encoding="utf-8")
