"""Signed links to files: they expire, need no login, and snapshot like those of the real service."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

ARTIFACTS = "/artifacts/"
BUCKET, STAGE = "simulator-artifacts", "simulator"
HEADER = {"alg": "HS256", "typ": "JWT"}


@dataclass(frozen=True)
class Links:
    """Signs links below one address and checks them again."""

    secret: bytes
    seconds: float = 86400.0
    """How long a link is good."""

    def url(self, base: str, key: str, now: float, *, expired: bool = False) -> str:
        """Return a link to the file `key` below the address `base`; `now` and `exp` are Unix seconds."""
        exp = int(now - 60 if expired else now + self.seconds)
        claims = {"keyHash": _digest(key), "bucket": BUCKET, "stage": STAGE, "exp": exp}
        signed = f"{_encode(HEADER)}.{_encode(claims)}"
        return f"{base.rstrip('/')}{ARTIFACTS}{key}?_jwt={signed}.{self._signature(signed)}"

    def is_valid(self, key: str, token: str, now: float) -> bool:
        """Return True for a token that was signed here for this file and has not expired."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return False
        claims = _decode(signed.partition(".")[2])
        return claims.get("keyHash") == _digest(key) and now < claims.get("exp", 0)

    def _signature(self, signed: str) -> str:
        return _base64(hmac.new(self.secret, signed.encode(), hashlib.sha256).digest())


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _encode(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _decode(text: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return value if isinstance(value, dict) else {}
