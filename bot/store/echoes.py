"""What was last said to somebody whose talk is forgotten, for the hour in which the network may have lost it.

Nobody may read it here, and the number of a tip must not be lost with a bad connection. So it is sealed under a secret
that only the sender's browser can say again (`Inbound.echo`), and that is kept nowhere.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from handlers.messages import Reply
from handlers.wording import from_json, to_json

KEPT = timedelta(hours=1)
_NONCE = 12
_BLOCK = 4096  # bytes: how much was said tells nothing
_PURPOSE = b"zhitong echo"


def seal(secret: bytes, replies: Sequence[Reply]) -> str:
    """The replies as text that says nothing without `secret` (32 bytes)."""
    plain = json.dumps([to_json(reply) for reply in replies], ensure_ascii=False).encode()
    nonce = os.urandom(_NONCE)
    padded = plain.ljust(-len(plain) // _BLOCK * -_BLOCK)
    return base64.b64encode(nonce + AESGCM(secret).encrypt(nonce, padded, _PURPOSE)).decode()


def unseal(secret: bytes, sealed: str) -> tuple[Reply, ...]:
    """The replies again; () under any other secret."""
    raw = base64.b64decode(sealed)
    try:
        plain = AESGCM(secret).decrypt(raw[:_NONCE], raw[_NONCE:], _PURPOSE)
    except InvalidTag:
        return ()
    return tuple(from_json(reply) for reply in json.loads(plain))
