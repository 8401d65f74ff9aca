"""Names, places and ways to reach people, as two countries' shops have them: tables, and draws."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.shops.odds import happens

NORTHERN_FIRST = (
    "Aino", "Åsa", "Björn", "Eero", "Elin", "Freja", "Gunnar", "Håkon", "Ingrid", "Jörg",
    "Kaisa", "Lærke", "Mikko", "Märta", "Niilo", "Oddný", "Päivi", "Ragnhild", "Søren", "Þóra",
    "Tuomas", "Väinö", "Yrsa", "Zoë",
)  # fmt: skip
NORTHERN_LAST = (
    "Ångström", "Bjørnstad", "Dahl", "Ek", "Fjällström", "Guðmundsdóttir", "Hämäläinen", "Holm",
    "Jørgensen", "Korhonen", "Lindqvist", "Mäkinen", "Nygård", "Østergaard", "Räsänen", "Sjöberg",
    "Strøm", "Väisänen", "Virtanen", "Weiß",
)  # fmt: skip
WESTERN_FIRST = (
    "Aisha", "Beyoncé", "Carlos", "Chloé", "Dmitri", "Emma", "François", "Grace", "Héctor", "Ivy",
    "José", "Khalid", "Liam", "María", "Noël", "Olivia", "Priya", "Quinn", "Renée", "Siobhán",
    "Tomás", "Uma", "Wei", "Zoë",
)  # fmt: skip
WESTERN_LAST = (
    "Alvarez", "Brontë", "Chen", "D'Angelo", "Díaz", "Fitzgerald", "García-López", "Hernández",
    "Jackson", "Kowalski", "Lefèvre", "Muñoz", "Nguyen", "O'Connor", "Patel", "Rodríguez",
    "Smith", "St. James", "van der Berg", "Zuñiga",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where people live."""

    city: str
    zip: str
    country: str
    country_code: str
    province: str | None = None
    province_code: str | None = None


NORTHERN_PLACES = (
    Place("Helsinki", "00100", "Finland", "FI"),
    Place("Jyväskylä", "40100", "Finland", "FI"),
    Place("Oulu", "90100", "Finland", "FI"),
    Place("Göteborg", "411 04", "Sweden", "SE"),
    Place("Umeå", "903 26", "Sweden", "SE"),
    Place("Tromsø", "9008", "Norway", "NO"),
    Place("Århus", "8000", "Denmark", "DK"),
    Place("København", "1050", "Denmark", "DK"),
    Place("Tallinn", "10111", "Estonia", "EE"),
    Place("Köln", "50667", "Germany", "DE"),
)
WESTERN_PLACES = (
    Place("Portland", "97205", "United States", "US", "Oregon", "OR"),
    Place("San José", "95112", "United States", "US", "California", "CA"),
    Place("Austin", "78701", "United States", "US", "Texas", "TX"),
    Place("Brooklyn", "11201", "United States", "US", "New York", "NY"),
    Place("Coeur d'Alene", "83814", "United States", "US", "Idaho", "ID"),
    Place("Montréal", "H2X 1Y4", "Canada", "CA", "Quebec", "QC"),
    Place("Vancouver", "V6B 1A1", "Canada", "CA", "British Columbia", "BC"),
)
NORTHERN_STREETS = ("Mannerheimintie", "Storgatan", "Kirkkokatu", "Strandvägen", "Nørregade")
WESTERN_STREETS = ("Main Street", "Elm Avenue", "Rue Sainte-Catherine", "5th Street", "Oak Lane")
COMPANIES = ("Fjell & Sønner AS", "Kahvila Kulma Oy", "Blue Door Café", "Smith & Daughters LLC")
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com")
NOTES = (
    "Prefers to be called in the afternoon.",
    "Käy mieluummin myymälässä.",
    'Asked for "no plastic" packaging; 100 % wool only.',
    "VIP, spoke with Renée on the phone 🙂",
)
_PLAIN = str.maketrans({"ø": "o", "æ": "ae", "ð": "d", "þ": "th", "ß": "ss", "ł": "l", "'": ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Whom one store's customers are drawn from."""

    first: Sequence[str]
    last: Sequence[str]
    places: Sequence[Place]
    streets: Sequence[str]
    prefix: str

    def name(self, rng: random.Random) -> dict[str, str]:
        """A first and a last name."""
        return {"first_name": rng.choice(self.first), "last_name": rng.choice(self.last)}

    def address(self, rng: random.Random, name: Mapping[str, str]) -> dict[str, Any]:
        """A postal address in somebody's name."""
        place = rng.choice(self.places)
        return {
            **name,
            "address1": f"{rng.choice(self.streets)} {rng.randrange(1, 140)}",
            "address2": rng.choice((None, None, None, "Apt. 4B", "2. kerros")),
            "city": place.city,
            "zip": place.zip,
            "country": place.country,
            "country_code": place.country_code,
            "province": place.province,
            "province_code": place.province_code,
            "company": rng.choice(COMPANIES) if happens(rng, 0.1) else None,
            "phone": self.phone(rng) if happens(rng, 0.3) else None,
        }

    def phone(self, rng: random.Random) -> str:
        """A telephone number; as good as unique."""
        return f"{self.prefix}{rng.randrange(10**6, 10**7)}"


NORTHERN = Crowd(
    first=NORTHERN_FIRST,
    last=NORTHERN_LAST,
    places=NORTHERN_PLACES,
    streets=NORTHERN_STREETS,
    prefix="+35840",
)
WESTERN = Crowd(
    first=WESTERN_FIRST,
    last=WESTERN_LAST,
    places=WESTERN_PLACES,
    streets=WESTERN_STREETS,
    prefix="+1503",
)


def email_for(rng: random.Random, name: Mapping[str, str], number: int) -> str:
    """A unique address; now and then in capitals, as people type them."""
    decomposed = unicodedata.normalize("NFKD", f"{name['first_name']}.{name['last_name']}".lower())
    letters = decomposed.translate(_PLAIN).encode("ascii", "ignore").decode()
    local = "".join(each for each in letters if each.isalnum() or each in ".-")
    address = f"{local}{number}@{rng.choice(DOMAINS)}"
    return address.title() if happens(rng, 0.05) else address
