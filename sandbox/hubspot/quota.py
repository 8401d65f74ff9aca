"""HubSpot's rate limits: a strict sliding window of ten seconds, searches a second, a day.

https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Literal

Tier = Literal["free", "starter", "professional", "enterprise"]

WINDOW_SECONDS = 10.0
SEARCHES_PER_SECOND = 5
OAUTH_BURST = 110
INCREASED_BURST = 250
INCREASED_DAY = 1_000_000

# Tier -> requests per ten seconds and app, requests per day and account.
TIERS: dict[Tier, tuple[int, int]] = {
    "free": (100, 250_000),
    "starter": (100, 250_000),
    "professional": (190, 625_000),
    "enterprise": (190, 1_000_000),
}

Policy = Literal["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"]


@dataclass(slots=True)
class Window:
    """Moments of what was let through in the last ``seconds``, never more than ``most``."""

    seconds: float
    taken: deque[float] = field(default_factory=deque)

    def used(self, at: float) -> int:
        """How many fall into the window that ends at ``at``."""
        while self.taken and self.taken[0] <= at - self.seconds:
            self.taken.popleft()
        return len(self.taken)

    def take(self, at: float, most: int) -> bool:
        """Count one more unless the window is full; what is refused does not count."""
        if self.used(at) >= most:
            return False
        self.taken.append(at)
        return True


@dataclass(slots=True, kw_only=True)
class Quota:
    """The account's limits and what is used of them; every number may be set at any time.

    ``burst`` and ``day`` override the tier's; ``lifted`` counts but refuses nothing.
    """

    tier: Tier
    zone: tzinfo
    increases: int = 0
    burst: int | None = None
    day: int | None = None
    lifted: bool = False
    search_counts: bool = True
    bursts: dict[str, Window] = field(default_factory=dict)
    searches: Window = field(default_factory=lambda: Window(1.0))
    today: str = ""
    used_today: int = 0

    def most(self, *, oauth: bool) -> int:
        """Requests per ten seconds for one app."""
        if self.burst is not None:
            return self.burst
        if oauth:
            return OAUTH_BURST
        return INCREASED_BURST if self.increases else TIERS[self.tier][0]

    @property
    def daily(self) -> int:
        """Requests per day for the account."""
        if self.day is not None:
            return self.day
        return TIERS[self.tier][1] + INCREASED_DAY * self.increases

    def refused(self, now: datetime, app: str, *, oauth: bool, search: bool) -> Policy | None:
        """Count a request, or name the limit that refuses it."""
        self.roll(now)
        at = now.timestamp()
        if search and not self.searches.take(at, SEARCHES_PER_SECOND) and not self.lifted:
            return "SECONDLY"
        if search and (oauth or not self.search_counts):
            return None
        if self.used_today >= self.daily and not oauth and not self.lifted:
            return "DAILY"
        window = self._window(app)
        if not window.take(at, self.most(oauth=oauth)) and not self.lifted:
            return "TEN_SECONDLY_ROLLING"
        self.used_today += 1
        return None

    def roll(self, now: datetime) -> None:
        """The day begins at midnight in the account's time zone."""
        today = now.astimezone(self.zone).date().isoformat()
        if today != self.today:
            self.today = today
            self.used_today = 0

    def resets_at(self, now: datetime) -> datetime:
        """The next midnight in the account's time zone."""
        tomorrow = now.astimezone(self.zone).date() + timedelta(days=1)
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self.zone)

    def headers(self, now: datetime, app: str, *, oauth: bool) -> dict[str, str]:
        """The headers of an answer; the daily ones are absent for OAuth, all are for search."""
        most = self.most(oauth=oauth)
        left = max(0, most - self._window(app).used(now.timestamp()))
        headers = {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        if not oauth:
            headers["X-HubSpot-RateLimit-Daily"] = str(self.daily)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(
                max(0, self.daily - self.used_today)
            )
        return headers

    def _window(self, app: str) -> Window:
        window = self.bursts.get(app)
        if window is None:
            window = self.bursts[app] = Window(WINDOW_SECONDS)
        return window
