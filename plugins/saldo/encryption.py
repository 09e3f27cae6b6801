"""Secrets at rest: encrypted with Saldo's own keys, which rotate."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from saldo import settings


class UnreadableSecretError(RuntimeError):
    """A stored secret was encrypted with a key that is no longer configured."""


def _keys() -> MultiFernet:
    configured = [key.strip() for key in settings.get("encryption_keys", "").split(",") if key.strip()]
    if not configured:
        raise UnreadableSecretError(
            "Saldo has no encryption key: set [saldo] encryption_keys "
            "(AIRFLOW__SALDO__ENCRYPTION_KEYS) to one or more Fernet keys, the newest first"
        )
    try:
        return MultiFernet([Fernet(key) for key in configured])
    except ValueError:
        raise UnreadableSecretError(
            "One of the keys in [saldo] encryption_keys is no Fernet key: each is 32 bytes as url-safe "
            "base64, as cryptography's Fernet.generate_key() makes them"
        ) from None


def encrypt(secret: str) -> bytes:
    """Encrypts with the newest key.

    Raises:
        UnreadableSecretError: no key is configured, or one of them is none.
    """
    return _keys().encrypt(secret.encode())


def decrypt(token: bytes) -> str:
    """Decrypts with whichever configured key fits.

    Raises:
        UnreadableSecretError: none fits, none is configured, or one of them is none.
    """
    try:
        return _keys().decrypt(token).decode()
    except InvalidToken:
        raise UnreadableSecretError(
            "A stored secret cannot be read with the keys in [saldo] encryption_keys: "
            "put the key that was used before back at the end of the list"
        ) from None
