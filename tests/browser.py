"""A real browser for tests: Debian's Chromium, headless, without a network of its own.

``browser`` is a fixture for the modules that import it. It skips where Chromium, its driver or
selenium are missing; each module gets one fresh profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)
# What a page may ask for: itself, what stands in it, and what its own scripts made.
_INSIDE = ("data:", "blob:", "about:", "chrome:", "devtools:")


class Browser:
    """Selenium's driver, with what a page wrote to the console and what it asked for."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path | str) -> Any:
        """Open a file or an address, forget what earlier pages said, and return the driver."""
        self.forget()
        self.driver.get(page.resolve().as_uri() if isinstance(page, Path) else page)
        return self.driver

    def forget(self) -> None:
        """Empty the console and the list of requests."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")

    def console(self) -> list[str]:
        """Return warnings and errors of the console since the last call."""
        return [
            f"{entry['level']}: {entry['message']}"
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("WARNING", "SEVERE")
        ]

    def requests(self) -> list[str]:
        """Return the addresses asked for since the last call, those inside a page left out."""
        asked = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(_INSIDE):
                    asked.append(url)
        return asked

    def prefer(self, **features: str) -> None:
        """Emulate media features, for example ``prefer(prefers_color_scheme="dark")``."""
        wanted = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium with a fresh profile."""
    webdriver = pytest.importorskip("selenium.webdriver")
    for binary in (CHROMIUM, DRIVER):
        if not binary.exists():
            pytest.skip(f"{binary} is missing: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(str(DRIVER))
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_window_size(1280, 900)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
