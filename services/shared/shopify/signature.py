"""Whether Shopify signed a webhook's body.

https://shopify.dev/docs/apps/build/webhooks/verify-deliveries: the header is
``base64(HMAC-SHA256(client secret, raw body))``. After a rotation it may be made with the previous
secret for up to an hour (https://shopify.dev/docs/apps/build/webhooks/subscribe/https). Nothing but
the body is signed.
"""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Iterable
from hashlib import sha256

DIGEST_BYTES = sha256().digest_size
SIGNATURE_CHARACTERS = len(binascii.b2a_base64(bytes(DIGEST_BYTES), newline=False))


def digest_in(claimed: str | bytes) -> bytes | None:
    """The digest a signature header carries, or None if it cannot be one; never raises."""
    try:
        digest = binascii.a2b_base64(claimed, strict_mode=True)
    except ValueError:
        return None
    return digest if len(digest) == DIGEST_BYTES else None


def is_signed(body: bytes, digest: bytes, secrets: Iterable[bytes]) -> bool:
    """Whether ``digest`` is that of ``body`` under any of ``secrets``; in constant time for each.

    An empty secret is a missing secret, under which nothing is authentic.
    """
    for secret in secrets:  # a generator would cost half as much as the digest
        if secret and hmac.compare_digest(digest, hmac.digest(secret, body, "sha256")):
            return True
    return False
