"""Secrets at rest: encrypted with a key from the environment, which can be rotated."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services.shared.contract.errors import OursToFixError


class Vault:
    """Seals and opens text. The first passphrase seals; all of them open."""

    def __init__(self, passphrases: Sequence[str]) -> None:
        if not passphrases or not all(passphrases):
            raise OursToFixError("no_encryption_key")
        keys = [Fernet(_key(each)) for each in passphrases]
        self._first = keys[0]
        self._fernet = MultiFernet(keys)

    def seal(self, text: str) -> str:
        """``text`` as it may stand in the ledger."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text that was sealed; empty where nothing was, or it has been taken out.

        Raises:
            OursToFixError: it was sealed with a key we were not given.
        """
        if not sealed:
            return ""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as problem:
            raise OursToFixError("wrong_encryption_key") from problem

    def resealed(self, sealed: str) -> str:
        """The same secret under the first passphrase: ``sealed`` itself if that sealed it.

        Raises:
            OursToFixError: it was sealed with a key we were not given.
        """
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(self.open(sealed))
        return sealed

    @property
    def fernet(self) -> MultiFernet:
        """The cipher itself, for files that are sealed as bytes."""
        return self._fernet


def _key(passphrase: str) -> bytes:
    """A Fernet key as it is, or one derived from any other passphrase."""
    try:
        if len(base64.urlsafe_b64decode(passphrase)) == 32:  # noqa: PLR2004 - Fernet's key length
            return passphrase.encode()
    except ValueError:
        pass
    salt = b"shopify-hubspot-sync/vault"
    derived = hashlib.scrypt(passphrase.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
    return base64.urlsafe_b64encode(derived)
