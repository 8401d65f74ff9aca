"""What the documents name is there: files, headings, commands, targets, settings, and code."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

import services
from services.cli.__main__ import app
from services.ingest.outcomes import STATUS, Outcome
from services.shared.contract.reasons import KNOWN
from services.shared.ledger.sources import Status

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# Pages that tell how the code works: the names of code in them must be names in the code.
ABOUT_CODE = [ROOT / "docs/architecture.md", *ROOT.glob("docs/decisions/*.md")]
CODE = ("services", "sandbox", "tests", "deploy")

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<img[^>]*\ssrc=\"([^\"]+)\"")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:\.ci|services|sandbox|tests|docs|deploy)/[\w./*-]*")
_SETTING = re.compile(r"\bSHOPSYNC_[A-Z_]*[A-Z]\b(?!_)")
_NAME = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def spans(page: Path) -> list[str]:
    return _SPAN.findall(_FENCE.sub("", page.read_text()))


def typed_in(page: Path) -> list[str]:
    """Every command a reader may type: in a line of text, or behind a prompt."""
    shown = [
        line.removeprefix("$ ").partition("#")[0].strip()
        for language, block in _FENCE.findall(page.read_text())
        if language == "console"
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    return [*spans(page), *shown]


def headings(page: Path) -> set[str]:
    lines = _FENCE.sub("", page.read_text()).splitlines()
    titles = [line.lstrip("#").strip() for line in lines if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [first or second for first, second in _LINK.findall(page.read_text())]
    broken = []
    for target in targets:
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in headings(there)):
            broken.append(target)
    assert not broken


@every_page
def test_every_file_a_page_names_is_there(page: Path) -> None:
    named = [span for span in spans(page) if _PATH.fullmatch(span)]
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


@every_page
def test_every_module_a_page_names_is_there(page: Path) -> None:
    named = [span for span in spans(page) if re.fullmatch(r"\w+\.py", span)]
    known = {path.name for folder in CODE for path in (ROOT / folder).rglob("*.py")}
    assert [name for name in named if name not in known] == []


@every_page
def test_every_command_a_page_names_can_be_typed(page: Path) -> None:
    wrong = [problem for line in typed_in(page) if (problem := problem_with(line))]
    assert not wrong


def problem_with(line: str) -> str:
    """Why ``shopsync …`` or ``make …`` in ``line`` cannot be typed; empty if it can be."""
    program, *words = line.split() or [""]
    if program == "make":
        unknown = [each for each in words if "=" not in each and each not in targets()]
        return f"{line}: no target {unknown}" if unknown else ""
    if program.rpartition("/")[2] != "shopsync":
        return ""
    command: Any = typer.main.get_command(app)
    for word in words:
        name = word.partition("=")[0]
        if word.startswith("-"):
            known = {
                opt for param in command.params for opt in (*param.opts, *param.secondary_opts)
            }
            if name not in known | {"--help"}:
                return f"{line}: no option {name}"
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return f"{line}: no command {word}"
            command = command.commands[word]
    return ""


@functools.cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@every_page
def test_every_setting_a_page_names_is_one(page: Path) -> None:
    named = set(_SETTING.findall(page.read_text()))
    # Some are read by tests and tools alone.
    read = {name for text in sources() for name in re.findall(r"SHOPSYNC_[A-Z_]*[A-Z]", text)}
    assert named <= {*settings()} | read


def test_every_setting_the_code_speaks_of_is_one() -> None:
    texts = [path.read_text() for path in (ROOT / "services").rglob("*.py")]
    spoken = {name for text in texts for name in _SETTING.findall(text)}
    assert sorted(spoken - {*settings()}) == []


def test_the_runbook_explains_every_reason_status_and_outcome() -> None:
    explained = {*spans(ROOT / "docs/runbook.md")}
    reasons = {each for each in KNOWN if each.islower()}
    outcomes = {each.value for each in Outcome if STATUS.get(each) != HTTPStatus.OK}
    assert sorted((reasons | outcomes | {*Status}) - explained) == []


@pytest.mark.parametrize("page", ABOUT_CODE, ids=name_of)
def test_every_name_of_code_is_in_the_code(page: Path) -> None:
    words = {word for text in sources() for word in re.findall(r"\w+", text)} | {*settings()}
    named = [span for span in spans(page) if _NAME.fullmatch(span.removesuffix("()"))]
    parts = {part for span in named for part in span.removesuffix("()").split(".")}
    assert sorted(parts - words) == []


@functools.cache
def sources() -> tuple[str, ...]:
    files = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    others = [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "deploy/kafka/topics.toml"]
    mine = Path(__file__).resolve()
    return tuple(path.read_text() for path in [*files, *others] if path != mine)


def test_the_example_has_every_setting_and_no_other() -> None:
    assert sorted(example()) == sorted(settings())


def test_the_example_gives_the_defaults() -> None:
    shown = {name: as_read(name, value) for name, value in example().items() if value}
    assert shown == {name: settings()[name].default for name in shown}


def as_read(name: str, value: str) -> object:
    annotation = settings()[name].annotation
    assert annotation is not None
    return TypeAdapter(annotation).validate_python(value)


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    assert len({name for name, _, _ in pairs}) == len(pairs), "a setting stands there twice"
    return {name: value for name, _, value in pairs}


@functools.cache
def settings() -> dict[str, FieldInfo]:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    return {
        f"{each.model_config.get('env_prefix', '')}{name}".upper(): field
        for each in _below(BaseSettings)
        if each.__module__.startswith("services.")
        for name, field in each.model_fields.items()
    }


def _below(base: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for each in base.__subclasses__():
        yield each
        yield from _below(each)
