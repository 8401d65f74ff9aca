"""Makes the pictures of the README from a running demo.

Needs tmux, Chromium and, in the environment it runs in, the packages ``playwright`` and ``rich``:

    pip install playwright rich && python docs/images/make.py .venv/bin/shopsync
"""  # noqa: INP001 - a script beside its results

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
SESSION = "shopsync-pictures"
COLUMNS, LINES = 112, 32
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
LIVE_SECONDS = 45
GIVEN_UP_AFTER = 180


def main(shopsync: str) -> None:
    """Run the demo in a terminal, and take its picture and those of its two pages."""
    tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), f"{shopsync} demo")
    try:
        until(lambda: "Live changes" in screen())
        storefront, hubspot = re.findall(r"http://127\.0\.0\.1:\d+/_sandbox/", screen())[-2:]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            shop, crm = opened(browser, storefront), opened(browser, hubspot)
            time.sleep(LIVE_SECONDS)
            picture_of_terminal(browser)
            picture_of_storefront(shop)
            picture_of_hubspot(crm)
    finally:
        tmux("kill-session")


def tmux(command: str, *arguments: str) -> str:
    """What tmux says to a command for our session."""
    name = "-s" if command == "new-session" else "-t"
    asked = ["tmux", command, name, SESSION, *arguments]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own words


def screen(*options: str) -> str:
    """What the terminal shows."""
    return tmux("capture-pane", "-p", "-J", *options)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + GIVEN_UP_AFTER
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(screen())
        time.sleep(0.5)


def opened(browser: Browser, url: str) -> Page:
    """A page, by day."""
    page = browser.new_page(viewport={"width": 1320, "height": 800}, color_scheme="light")
    page.goto(url)
    return page


def picture_of_terminal(browser: Browser) -> None:
    """The terminal as it is, colours and all."""
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text.from_ansi(screen("-e").rstrip()))
    page = browser.new_page(viewport={"width": 1180, "height": 760}, device_scale_factor=1.5)
    page.set_content(f"<body style='margin:0'>{console.export_svg(title='make demo')}</body>")
    page.locator("svg").first.screenshot(path=HERE / "terminal.png", omit_background=True)


def picture_of_storefront(page: Page) -> None:
    """Just after an order was placed."""
    page.bring_to_front()
    page.click("[data-deed=place-order]")
    page.wait_for_selector("#toast.shown")
    page.wait_for_timeout(2000)
    page.screenshot(path=HERE / "storefront.png")


def picture_of_hubspot(page: Page) -> None:
    """An order with its customer and line items, opened."""
    page.bring_to_front()
    page.wait_for_selector("tr.row")
    page.locator("tr.row", has_text=re.compile(r"1 contact · [345] line items")).first.click()
    page.wait_for_timeout(400)
    page.screenshot(path=HERE / "hubspot.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
