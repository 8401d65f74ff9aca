"""The parts every comparison is made of: one record, one property, one set of associations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.expected.forms import Surroundings, Value, agree, expected_value, found_value
from sandbox.expected.records import Found, HubSpotDump
from sandbox.expected.rules import Shops, Subject
from sandbox.expected.tables import Row, tables
from sandbox.expected.verdict import Difference, Problem, Settings


@dataclass(slots=True, kw_only=True)
class Judging:
    """A comparison under way: both sides, and what was found so far.

    ``found`` gives HubSpot's live records by kind and key, ``contacts`` by each of their emails,
    ``apart`` the contacts of customers whose email another contact holds, by the customer's key;
    ``explained`` collects the keys that something in Shopify stands behind.
    """

    settings: Settings
    shops: Shops
    hubspot: HubSpotDump
    around: Surroundings
    found: Mapping[str, Mapping[str, Sequence[Found]]]
    contacts: Mapping[str, Found]
    apart: Mapping[str, Found]
    differences: list[Difference] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    explained: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def say(
        self,
        problem: Problem,
        subject: Subject,
        about: str = "",
        *,
        expected: Value = None,
        found: Value = None,
    ) -> None:
        """Note a difference in what must be shown for ``subject``."""
        self.differences.append(
            Difference(
                problem=problem,
                kind=subject.kind,
                shop=subject.shop,
                id=subject.key,
                property=about,
                expected=expected,
                found=found,
            )
        )

    def contact_of(self, subject: Subject) -> Found | None:
        """Whose contact it is: the customer's id says so first, then the email."""
        by_email = self.contacts.get(subject.emails[0]) if subject.emails else None
        return self.apart.get(subject.customer, by_email)

    def record_for(self, subject: Subject) -> Found | None:
        """The one live record for a subject; notes when there is none, or more than one."""
        group = self.found[subject.kind].get(subject.key, ())
        self.explained[subject.kind].add(subject.key)
        self.counts[subject.kind] += bool(group) or subject.required
        if len(group) > 1:
            self.say(Problem.DOUBLED, subject, found=frozenset(each.id for each in group))
        if not group and subject.required:
            self.say(Problem.MISSING, subject)
        return group[0] if group else None

    def properties(self, subject: Subject, found: Found) -> None:
        """Compare every property of the subject's table."""
        for row in tables()[subject.table]:
            self.property(row, subject, found)

    def property(self, row: Row, subject: Subject, found: Found) -> None:
        """Compare one property."""
        self.counts["properties"] += 1
        expected = expected_value(row, subject.record, self.around)
        shows = found_value(row, found.properties.get(row.property))
        if not agree(row, expected, shows):
            self.say(Problem.DIFFERENT, subject, row.property, expected=expected, found=shows)

    def links(self, subject: Subject, record: Found, to: str, expected: Iterable[str]) -> None:
        """Compare which live records of one object ``record`` is associated with."""
        wanted, linked = frozenset(expected), self.hubspot.linked(record, to)
        self.counts["associations"] += len(wanted)
        for each in sorted(wanted - linked):
            self.say(Problem.UNLINKED, subject, to, expected=each)
        for each in sorted(linked - wanted):
            self.say(Problem.WRONGLY_LINKED, subject, to, found=each)
