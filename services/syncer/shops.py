"""What happens to whole stores: uninstalls, changed scopes, compliance requests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from services.shared.contract.errors import EventAtFaultError, SyncError, WorldAtFaultError
from services.shared.contract.events import Event, Provenance, provenance_in
from services.shared.ledger import causes, compliance, notes, stores, waits
from services.shared.ledger.causes import Cause
from services.shared.ledger.compliance import ComplianceRequest
from services.shared.ledger.engine import Ledger
from services.shared.ledger.stores import StoreState
from services.shared.ledger.vault import Vault
from services.shared.log.port import Appender
from services.shared.runtime.logging import Action
from services.shared.shopify.admin import Admin
from services.shared.shopify.answers import StoreUnavailableError, TokenRefusedError
from services.shared.shopify.compliance import COMPLIANCE_TOPICS
from services.shared.shopify.shops import shop as shop_of
from services.syncer.doubts import DELETION_UNPROVED, UNREADABLE
from services.syncer.reading import dead_letter

_LOG = logging.getLogger(__name__)
_UNINSTALLED = "app/uninstalled"
_SCOPES_CHANGED = "app/scopes_update"
_FOR_WANT_OF_SCOPES = frozenset({"access_denied", "scope_missing"})


class Shops:
    """Handles the topic of whole stores."""

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
        """Settle a batch of store events, in their order.

        Raises:
            WorldAtFaultError: a store that is said to be uninstalled cannot be asked; come again.
        """
        for event in events:
            try:
                provenance = provenance_in(event.headers)
            except EventAtFaultError as problem:
                await self._appender.append([dead_letter(event, problem.reason)])
                continue
            await self._settle(event, provenance)

    async def answers(self, cause: Cause) -> bool:
        """Whether the store that a cause is about can be read again."""
        try:
            await shop_of(self._admin_of(cause.shop))
        except SyncError:
            return False
        return True

    async def _settle(self, event: Event, provenance: Provenance) -> None:
        topic = provenance.shopify_topic
        if topic in COMPLIANCE_TOPICS:
            request = ComplianceRequest(
                shop=provenance.shop,
                shopify_topic=topic,
                delivery_id=provenance.webhook_id or str(event.position),
                body=event.value,
            )
            async with self._ledger.transaction() as tx:
                await compliance.keep(tx, self._vault, request)
        elif topic == _UNINSTALLED and await self._is_refused(provenance.shop):
            async with self._ledger.transaction() as tx:
                if await stores.switch(tx, provenance.shop, StoreState.UNINSTALLED):
                    await notes.audit(tx, "uninstalled", provenance.shop)
            _LOG.warning(
                "store uninstalled", extra={"action": Action.UNINSTALL, "shop": provenance.shop}
            )
        elif topic == _SCOPES_CHANGED:
            await self._try_again(provenance.shop)

    async def _try_again(self, shop: str) -> None:
        """What waits for a scope is tried now; what still lacks it waits again.

        Headers are unsigned, and the body may be out of date: only trying shows what was granted.
        """
        async with self._ledger.transaction() as tx:
            for cause in await causes.open_causes(tx):
                if cause.shop == shop and cause.reason in _FOR_WANT_OF_SCOPES:
                    await causes.lift(tx, cause.id)
            readmitted = await waits.readmit(tx, shop, (DELETION_UNPROVED, UNREADABLE))
        extra = {"action": Action.LIFT, "shop": shop, "readmitted": readmitted}
        _LOG.info("scopes changed: what waited for one is tried again", extra=extra)

    async def _is_refused(self, shop: str) -> bool:
        """Headers are unsigned: an uninstall is believed when the token is refused.

        Raises:
            WorldAtFaultError: the store cannot be asked now.
        """
        try:
            await shop_of(self._admin_of(shop))
        except TokenRefusedError:
            return True
        except StoreUnavailableError:
            return False  # nobody can say until it is paid for, and then its records' probes do
        except WorldAtFaultError:
            raise
        except SyncError as problem:
            return problem.reason == "credentials_refused"
        return False
