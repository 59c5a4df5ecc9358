"""Pushes in 安全模式: the envelope opened, the reply sealed. Whatever is wrong with one is the same `Forged`.

Nothing of a push is parsed before its signature, which covers all of it, is known to be good. In 明文 and 兼容 mode the
signature covers no body, so these are not spoken (channels.md §2). The cipher is wechatpy's; comparing in constant
time, padding and lengths are ours (channels.md §3, defects 1 and 4).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import struct
from dataclasses import dataclass
from typing import Any

from wechatpy.crypto import WeChatCipher

BODY_MOST = 64 * 1024
_KEY = re.compile(r"[A-Za-z0-9]{43}")
_ENCRYPT = re.compile(
    rb"<Encrypt>\s*(?:<!\[CDATA\[([A-Za-z0-9+/=]{24,65536})\]\]>|([A-Za-z0-9+/=]{24,65536}))\s*</Encrypt>"
)
_BLOCK, _PADDING = 16, 32
_ENVELOPE = (
    "<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
    "<TimeStamp>{stamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
)


class Forged(Exception):
    """Not a push from Tencent to us. There is one reason for all that can be wrong."""

    def __init__(self) -> None:
        super().__init__("not a push for this account")


class BadKey(ValueError):
    """The EncodingAESKey of the settings is none."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What stands in the query of a push."""

    signature: str
    timestamp: str
    nonce: str


class Crypto:
    """Opens and seals under one account's token and EncodingAESKey."""

    def __init__(self, app_id: str, token: str, aes_key: str) -> None:
        """Raises BadKey."""
        if not _KEY.fullmatch(aes_key):
            raise BadKey("it has 43 letters and digits")
        key = base64.b64decode(aes_key + "=")
        self._app_id, self._token = app_id.encode(), token
        self._cipher: Any = WeChatCipher(key)

    def echo(self, stamp: Stamp, echostr: str) -> str:
        """What Tencent wants to hear when the address is entered. Raises Forged."""
        self._check(stamp)
        return echostr

    def open(self, stamp: Stamp, body: bytes) -> str:
        """The XML inside an envelope. Raises Forged."""
        found = _ENCRYPT.search(body) if len(body) <= BODY_MOST else None
        if found is None:
            raise Forged
        encrypt = (found[1] or found[2]).decode("ascii")
        self._check(stamp, encrypt)
        try:
            return self._unpacked(self._cipher.decrypt(base64.b64decode(encrypt, validate=True)))
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise Forged from None

    def seal(self, xml: str, timestamp: str) -> str:
        """A passive reply in its envelope."""
        words = xml.encode()
        plain = secrets.token_bytes(_BLOCK) + struct.pack("!I", len(words)) + words + self._app_id
        pad = _PADDING - len(plain) % _PADDING
        sealed: bytes = self._cipher.encrypt(plain + bytes([pad]) * pad)
        encrypt, nonce = base64.b64encode(sealed).decode("ascii"), secrets.token_hex(8)
        signature = signed(self._token, timestamp, nonce, encrypt)
        return _ENVELOPE.format(encrypt=encrypt, signature=signature, stamp=timestamp, nonce=nonce)

    def _check(self, stamp: Stamp, *more: str) -> None:
        good = signed(self._token, stamp.timestamp, stamp.nonce, *more)
        if not hmac.compare_digest(good.encode(), stamp.signature.encode("utf-8", "replace")):
            raise Forged

    def _unpacked(self, plain: bytes) -> str:
        """random(16) + length(4) + XML + app id + padding, every one of them exactly so."""
        pad = plain[-1] if plain else 0
        if not 1 <= pad <= _PADDING or plain[-pad:] != bytes([pad]) * pad:
            raise Forged
        body = plain[_BLOCK:-pad]
        (length,) = struct.unpack("!I", body[:4]) if len(body) >= 4 else (0,)
        if not 0 < length <= len(body) - 4 or not hmac.compare_digest(body[4 + length :], self._app_id):
            raise Forged
        return body[4 : 4 + length].decode("utf-8")


def signed(*parts: str) -> str:
    """Tencent's signature over the parts, in whatever order they are given."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
