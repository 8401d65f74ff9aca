"""Tokens of the Admin API: renewed in time, by one process, never shown."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from services.shared.contract.errors import (
    OursToFixError,
)
from services.shared.shopify.address import address_of
from services.shared.shopify.tokens import ClientCredentials, Credentials, MemoryTokenStore
from tests.support.shopify_replies import EPOCH, SHOP, Store, body_of, said
from tests.support.virtual_time import in_virtual_time


class Issuer:
    """Answers grants with a new token each time, and queries with 401 unless the last is used."""

    def __init__(self) -> None:
        self.issued = 0
        self.grants: list[bytes] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/access_token"):
            self.issued += 1
            self.grants.append(request.content)
            token = f"shpca_{self.issued}"
            grant = {"access_token": token, "scope": "read_orders", "expires_in": 86399}
            return said(grant)
        is_last = request.headers["X-Shopify-Access-Token"] == f"shpca_{self.issued}"
        return said(body_of({})) if is_last else said(b"", 401)

    def source(self, now: list[datetime], store: MemoryTokenStore) -> ClientCredentials:
        return ClientCredentials(
            httpx.AsyncClient(transport=httpx.MockTransport(self)),
            address_of(SHOP),
            Credentials(client_id="id", client_secret="s3cret"),
            store=store,
            now=lambda: now[0],
        )


def test_a_token_is_renewed_when_80_percent_of_its_day_are_over() -> None:
    issuer, now = Issuer(), [EPOCH]

    async def main() -> list[str]:
        source = issuer.source(now, MemoryTokenStore())
        first = [await source.current(), await source.current()]
        now[0] = EPOCH + timedelta(hours=19)
        second = await source.current()
        now[0] = EPOCH + timedelta(hours=20)
        return [*first, second, await source.current()]

    assert in_virtual_time(main()) == ["shpca_1", "shpca_1", "shpca_1", "shpca_2"]
    assert issuer.grants[0] == b"grant_type=client_credentials&client_id=id&client_secret=s3cret"


def test_processes_with_one_store_ask_for_one_token() -> None:
    issuer, now = Issuer(), [EPOCH]

    async def main() -> None:
        store = MemoryTokenStore()
        for source in (issuer.source(now, store), issuer.source(now, store)):
            await source.current()

    in_virtual_time(main())

    assert issuer.issued == 1


def test_a_refused_token_is_renewed_once_and_the_call_made_again() -> None:
    issuer, now = Issuer(), [EPOCH]

    async def main() -> None:
        source = issuer.source(now, MemoryTokenStore())
        await source.current()
        issuer.issued = 5
        api = Store(said(b"", 401), said(body_of({})))
        await api.admin(source).query("{x}")
        assert [each.headers["X-Shopify-Access-Token"] for each in api.requests] == [
            "shpca_1",
            "shpca_6",
        ]

    in_virtual_time(main())


def test_a_token_that_cannot_be_renewed_is_ours_to_fix_and_never_shown() -> None:
    with pytest.raises(OursToFixError, match="token_refused") as caught:
        in_virtual_time(Store(said(b"", 401)).admin().query("{x}"))

    assert "shpat_1" not in repr(caught.value)
    assert "s3cret" not in repr(Credentials(client_id="id", client_secret="s3cret"))


def test_a_refused_grant_names_shopify_s_code() -> None:
    api = Store(said({"error": "shop_not_permitted", "error_description": "Jane"}, 400))

    async def main() -> None:
        credentials = Credentials(client_id="id", client_secret="s")
        await ClientCredentials(
            api.http,
            address_of(SHOP),
            credentials,
            store=MemoryTokenStore(),
            now=lambda: EPOCH,
        ).current()

    with pytest.raises(OursToFixError, match=r"credentials_refused: shop_not_permitted$"):
        in_virtual_time(main())
