"""Which records are associated with which: kept in both directions, consistent at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.hubspot.catalogue import ASSOCIATION_TYPES

PARENTS = ("orders", "carts")
FIRST_LABEL_ID = 1001


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A type people defined for a pair of objects, and the type id of its other direction."""

    type_id: int
    inverse_id: int
    label: str
    pair: tuple[str, str]


Ends = dict[str, list[int]]


@dataclass(slots=True)
class Associations:
    """``links[(from type, id)][to type][to id]`` is the list of type ids, the unlabelled first."""

    links: dict[tuple[str, str], dict[str, Ends]] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)

    def default_type(self, from_type: str, to_type: str) -> int | None:
        """The type id of an unlabelled association; None when HubSpot has none for the pair."""
        return ASSOCIATION_TYPES.get((from_type, to_type))

    def inverse(self, from_type: str, to_type: str, type_id: int) -> int | None:
        """The type id seen from the other end; None for a type this pair does not have."""
        if ASSOCIATION_TYPES.get((from_type, to_type)) == type_id:
            return ASSOCIATION_TYPES[to_type, from_type]
        label = self.labels.get(type_id)
        return label.inverse_id if label and label.pair == (from_type, to_type) else None

    def category(self, type_id: int) -> str:
        """Whose type it is: what people defined, or HubSpot."""
        return "USER_DEFINED" if type_id in self.labels else "HUBSPOT_DEFINED"

    def label(self, from_type: str, to_type: str, label: str, inverse: str) -> list[Label]:
        """Define a label for a pair and its inverse; both are answered."""
        first = FIRST_LABEL_ID + len(self.labels)
        pair = (from_type, to_type)
        there = Label(type_id=first, inverse_id=first + 1, label=label, pair=pair)
        back = Label(type_id=first + 1, inverse_id=first, label=inverse, pair=(to_type, from_type))
        self.labels |= {there.type_id: there, back.type_id: back}
        return [there, back]

    def of(self, from_type: str, record_id: str, to_type: str) -> Ends:
        """What the record is associated with, by id."""
        return self.links.get((from_type, record_id), {}).get(to_type, {})

    def associate(self, one: tuple[str, str], other: tuple[str, str], type_id: int) -> None:
        """Associate two ends; twice is harmless. A label brings the unlabelled type along."""
        inverse = self.inverse(one[0], other[0], type_id)
        if inverse is None:
            message = f"{type_id} does not associate {one[0]} with {other[0]}"
            raise ValueError(message)
        default = ASSOCIATION_TYPES[one[0], other[0]]
        if type_id != default:
            self.associate(one, other, default)
        self._put(one, other, type_id)
        self._put(other, one, inverse)

    def _put(self, one: tuple[str, str], other: tuple[str, str], type_id: int) -> None:
        ends = self.links.setdefault(one, {}).setdefault(other[0], {})
        types = ends.setdefault(other[1], [])
        if type_id not in types:
            types.append(type_id)

    def dissociate(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Remove every association of the two ends, labelled or not."""
        self.links.get(one, {}).get(other[0], {}).pop(other[1], None)
        self.links.get(other, {}).get(one[0], {}).pop(one[1], None)

    def unlabel(self, one: tuple[str, str], other: tuple[str, str], type_id: int) -> None:
        """Remove one type; the unlabelled type takes every label of the two ends with it."""
        if ASSOCIATION_TYPES.get((one[0], other[0])) == type_id:
            self.dissociate(one, other)
            return
        inverse = self.inverse(one[0], other[0], type_id)
        there = self.of(*one, other[0]).get(other[1], [])
        back = self.of(*other, one[0]).get(one[1], [])
        for types, each in ((there, type_id), (back, inverse)):
            if each in types:
                types.remove(each)

    def every(self) -> Iterator[tuple[tuple[str, str], tuple[str, str], int]]:
        """Each association from each of its ends."""
        for one, by_type in self.links.items():
            for to_type, ends in by_type.items():
                for to_id, types in ends.items():
                    for type_id in types:
                        yield one, (to_type, to_id), type_id

    def move(self, one: tuple[str, str], to: tuple[str, str]) -> None:
        """Give a record's associations to another of its type, as a merge does."""
        for other_type, ends in list(self.links.get(one, {}).items()):
            for other_id, types in list(ends.items()):
                other = (other_type, other_id)
                for type_id in list(types):
                    self.associate(to, other, type_id)
                self.dissociate(one, other)
        self.links.pop(one, None)
