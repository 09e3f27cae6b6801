"""Secrets at rest: encrypted with Saldo's own keys, which rotate.

A new key is put in front of the others; what was encrypted with an older one is encrypted anew (`rotated`),
and then the older one can go.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from saldo import settings


class UnreadableSecretError(RuntimeError):
    """A stored secret was encrypted with a key that is no longer configured."""


def _keys() -> list[Fernet]:
    configured = [key.strip() for key in settings.get("encryption_keys", "").split(",") if key.strip()]
    if not configured:
        raise UnreadableSecretError(
            "Saldo has no encryption key: set [saldo] encryption_keys "
            "(AIRFLOW__SALDO__ENCRYPTION_KEYS) to one or more Fernet keys, the newest first"
        )
    try:
        return [Fernet(key) for key in configured]
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
    return MultiFernet(_keys()).encrypt(secret.encode())


def decrypt(token: bytes) -> str:
    """Decrypts with whichever configured key fits.

    Raises:
        UnreadableSecretError: none fits, none is configured, or one of them is none.
    """
    try:
        return MultiFernet(_keys()).decrypt(token).decode()
    except InvalidToken:
        raise _no_key_fits() from None


def rotated(token: bytes) -> bytes | None:
    """The same secret encrypted with the newest key; None where it already is.

    Raises:
        UnreadableSecretError: no configured key fits, none is configured, or one of them is none.
    """
    newest, *older = _keys()
    try:
        newest.decrypt(token)
    except InvalidToken:
        try:
            return MultiFernet([newest, *older]).rotate(token)
        except InvalidToken:
            raise _no_key_fits() from None
    return None


def _no_key_fits() -> UnreadableSecretError:
    return UnreadableSecretError(
        "A stored secret cannot be read with the keys in [saldo] encryption_keys: "
        "put the key that was used before back at the end of the list"
    )
