"""What happens to whole stores: uninstalls, changed scopes, compliance requests; and probes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from services.shared.contract.errors import EventAtFaultError, SyncError
from services.shared.contract.events import Event, Provenance, provenance_in
from services.shared.ledger import causes, notes, stores
from services.shared.ledger.engine import Ledger
from services.shared.ledger.notes import ComplianceRequest
from services.shared.ledger.stores import StoreState
from services.shared.ledger.vault import Vault
from services.shared.log.port import Appender
from services.shared.runtime.vitals import Pulse
from services.shared.shopify.admin import Admin
from services.shared.shopify.answers import TokenRefusedError
from services.shared.shopify.shops import shop as shop_of
from services.syncer.reading import dead_letter

_LOG = logging.getLogger(__name__)
_COMPLIANCE = frozenset({"customers/data_request", "customers/redact", "shop/redact"})
_UNINSTALLED = "app/uninstalled"
_PROBE_SECONDS = 5.0
_PROBE_AGAIN_MS = 60_000


class Shops:
    """Handles the topic of whole stores, and asks again whether what made many wait is over."""

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        appender: Appender,
        admin_of: Callable[[str], Admin],
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._appender = appender
        self._admin_of = admin_of

    async def take(self, events: Sequence[Event]) -> None:
        """Settle a batch of store events, in their order."""
        for event in events:
            try:
                provenance = provenance_in(event.headers)
            except EventAtFaultError as problem:
                await self._appender.append([dead_letter(event, problem.reason)])
                continue
            await self._settle(event, provenance)

    async def run_probes(self, stopping: asyncio.Event, pulse: Pulse) -> None:
        """Look after open causes until told to stop."""
        pulse.begin()
        while not stopping.is_set():
            try:
                await self.probe()
                pulse.beat()
            except SyncError as problem:
                pulse.suffer(problem.reason)
                _LOG.warning("probe failed", extra={"action": "probe", "reason": problem.reason})
            await asyncio.sleep(_PROBE_SECONDS)

    async def probe(self) -> None:
        """Lift the causes that are over: the store answers again."""
        async with self._ledger.transaction() as tx:
            due = await causes.to_probe(tx, _PROBE_AGAIN_MS)
        for cause in due:
            if await self._answers(cause.shop):
                async with self._ledger.transaction() as tx:
                    await causes.lift(tx, cause.id)
                _LOG.info("cause lifted", extra={"action": "lift", "reason": cause.reason})

    async def _settle(self, event: Event, provenance: Provenance) -> None:
        topic = provenance.shopify_topic
        if topic in _COMPLIANCE:
            request = ComplianceRequest(
                shop=provenance.shop,
                shopify_topic=topic,
                delivery_id=provenance.webhook_id or str(event.position),
                body=event.value,
            )
            async with self._ledger.transaction() as tx:
                await notes.keep_request(tx, self._vault, request)
        elif topic == _UNINSTALLED and await self._is_refused(provenance.shop):
            async with self._ledger.transaction() as tx:
                if await stores.switch(tx, provenance.shop, StoreState.UNINSTALLED):
                    await notes.audit(tx, "uninstalled", provenance.shop)
            _LOG.warning("store uninstalled", extra={"action": "uninstall"})

    async def _is_refused(self, shop: str) -> bool:
        """Headers are unsigned: an uninstall is believed when the token is refused."""
        try:
            await shop_of(self._admin_of(shop))
        except TokenRefusedError:
            return True
        except SyncError as problem:
            return problem.reason == "credentials_refused"
        return False

    async def _answers(self, shop: str) -> bool:
        try:
            await shop_of(self._admin_of(shop))
        except SyncError:
            return False
        return True
