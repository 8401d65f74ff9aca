"""Runs a story once for every way its choices can fall: depth first, by replaying a prefix."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Path:
    """The choices of one run. Those in ``prefix`` are made again, later ones fall on the first."""

    prefix: Sequence[int] = ()
    taken: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def choose(self, options: Sequence[T], say: Callable[[T], str] = str) -> T:
        """One of ``options``; in other runs, each of the others."""
        at = len(self.taken)
        index = self.prefix[at] if at < len(self.prefix) else 0
        self.taken.append(index)
        self.widths.append(len(options))
        self.said.append(say(options[index]))
        return options[index]

    def next_prefix(self) -> list[int] | None:
        """The prefix of the next run in order, or None after the last."""
        for at in range(len(self.taken) - 1, -1, -1):
            if self.taken[at] + 1 < self.widths[at]:
                return [*self.taken[:at], self.taken[at] + 1]
        return None


def every_path(run: Callable[[Path], None]) -> Iterator[Path]:
    """Run the story in every way there is; each path after it was run."""
    prefix: list[int] | None = []
    while prefix is not None:
        path = Path(prefix)
        try:
            run(path)
        except BaseException as fault:
            fault.add_note(f"path {path.taken}: " + ", ".join(path.said))
            raise
        yield path
        prefix = path.next_prefix()
