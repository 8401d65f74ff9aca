"""What the two stores sell: tables, and the products made of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as combinations
from typing import Any

from sandbox.shops.odds import happens

SIZES = ("XS", "S", "M", "L", "XL")
COLOURS = ("Granite", "Moss", "Lingonberry", "Fjord", "Birch", "Midnight")
FITS = ("Short", "Regular", "Tall", "Women", "Kids")
BAGS = ("250 g", "500 g", "1 kg")
GRINDS = ("Whole bean", "Filter", "Espresso")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One kind of goods: every series name makes a product of every item."""

    vendor: str
    type: str
    series: Sequence[str]
    items: Sequence[str]
    options: Sequence[tuple[str, Sequence[str]]]
    cents: tuple[int, int]
    tags: str
    body: str
    grams: int = 500

    def titles(self) -> list[str]:
        """The products of this range."""
        return [f"{series} {item}" for series, item in combinations(self.series, self.items)]


OUTDOOR = (
    Range(
        vendor="Tunturi",
        type="Jackets",
        series=("Kebnekaise", "Halti", "Galdhøpiggen", "Saana"),
        items=("Shell Jacket", "Down Jacket", "Windbreaker", "Fleece"),
        options=(("Size", SIZES), ("Colour", COLOURS[:3])),
        cents=(8900, 49900),
        tags="outdoor, jackets, new season",
        body="<p>Keeps out wind &amp; rain, <b>all day</b>.</p><ul><li>Recycled</li></ul>",
        grams=700,
    ),
    Range(
        vendor="Tunturi",
        type="Base layers",
        series=("Ounas", "Ylläs", "Åre", "Lofoten"),
        items=("Merino Shirt", "Merino Trousers", "Wool Socks", "Beanie"),
        options=(("Size", SIZES[1:4]),),
        cents=(1900, 9900),
        tags="wool, outdoor",
        body="<p>Soft Merino wool.<br>Wash at 30&nbsp;°C.</p>",
        grams=250,
    ),
    Range(
        vendor="Sjö & Skog",
        type="Equipment",
        series=("Inari", "Mälaren", "Femund", "Päijänne", "Vättern", "Saimaa"),
        items=("Tent", "Sleeping Bag", "Stove", "Backpack", "Head Torch", "Dry Bag"),
        options=(),
        cents=(1490, 69900),
        tags="camping",
        body="<h2>For long tours</h2><p>Tested at minus 30 °C in Lapland.</p>",
        grams=1800,
    ),
)
COFFEE = (
    Range(
        vendor="Copper Kettle",
        type="Coffee",
        series=("Yirgacheffe", "Huehuetenango", "São Paulo", "Nariño", "Kona", "Sidamo"),
        items=("Light Roast", "Dark Roast", "Decaf", "Espresso Blend"),
        options=(("Weight", BAGS), ("Grind", GRINDS)),
        cents=(1100, 5900),
        tags="coffee, single origin",
        body="<p>Notes of <em>bergamot</em> &amp; <em>caramel</em>.</p>",
        grams=500,
    ),
    Range(
        vendor="Brew & Co.",
        type="Equipment",
        series=("Classic", "Copper", "Café"),
        items=(
            "Dripper",
            "Kettle",
            "Grinder",
            "French Press",
            "Mug",
            "Scale",
            "Tamper",
            "Filter Set",
        ),
        options=(),
        cents=(600, 32900),
        tags="equipment, gifts",
        body="<p>Built to last — for every morning.</p>",
        grams=900,
    ),
)
JACKET = Range(
    vendor="Tunturi",
    type="Jackets",
    series=("Sarek",),
    items=("Expedition Parka",),
    options=(("Size", SIZES), ("Colour", COLOURS), ("Fit", FITS)),
    cents=(54900, 59900),
    tags="outdoor, jackets, made to order",
    body="<p>One parka, one hundred and fifty ways to wear it.</p>",
    grams=1400,
)


def product_for(rng: random.Random, title: str, goods: Range) -> dict[str, Any]:
    """The arguments of ``create_product`` for one product of a range."""
    price = rng.randrange(*goods.cents) // 10 * 10 + rng.choice((0, 5, 9))
    names = [name for name, _ in goods.options] or ["Title"]
    choices = list(combinations(*(values for _, values in goods.options)))
    code = f"{title[:3].upper()}-{rng.randrange(1000, 9999)}"
    slug = title.lower().replace(" ", "-")
    return {
        "title": title,
        "vendor": goods.vendor,
        "product_type": goods.type,
        "tags": goods.tags,
        "body_html": goods.body,
        "options": names,
        "images": [f"https://cdn.example.com/{slug}-{each}.jpg" for each in (1, 2)],
        "status": rng.choice(("active",) * 12 + ("draft", "archived", "unlisted")),
        "variants": [
            {
                **{f"option{at}": value for at, value in enumerate(values, start=1)},
                "price": f"{(price + 100 * (position % 9)) / 100:.2f}",
                "cost": f"{price * 0.004:.2f}",
                "sku": None if happens(rng, 0.03) else f"{code}-{position}",
                "barcode": f"64{rng.randrange(10**10, 10**11)}" if happens(rng, 0.5) else None,
                "weight": goods.grams / 1000,
                "inventory_quantity": rng.randrange(500),
            }
            for position, values in enumerate(choices)
        ],
    }
