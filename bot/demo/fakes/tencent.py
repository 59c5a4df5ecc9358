"""Tencent's side of 安全模式, written from the specification on `cryptography` alone: it shares no line with ours."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

APP_ID = "wx2c2769f8efd9abc2"
TOKEN = "spamtest"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass(frozen=True)
class TencentCipher:
    """Seals pushes, opens replies."""

    app_id: str = APP_ID
    token: str = TOKEN
    aes_key: str = AES_KEY

    def _cipher(self) -> Cipher[modes.CBC]:
        key = base64.b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def encrypt(self, words: str | bytes, app_id: str | None = None, salt: bytes | None = None) -> str:
        """What stands in <Encrypt>."""
        body = words if isinstance(words, bytes) else words.encode("utf-8", "surrogatepass")
        account = self.app_id if app_id is None else app_id
        plain = (salt or os.urandom(16)) + len(body).to_bytes(4, "big") + body + account.encode()
        padder = PKCS7(256).padder()
        return self.raw(padder.update(plain) + padder.finalize())

    def raw(self, padded: bytes) -> str:
        """Bytes that are padded already, or wrongly."""
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def decrypt(self, encrypt: str) -> str:
        """The words; every length is checked."""
        decryptor = self._cipher().decryptor()
        padded = decryptor.update(base64.b64decode(encrypt, validate=True)) + decryptor.finalize()
        unpadder = PKCS7(256).unpadder()
        plain = unpadder.update(padded) + unpadder.finalize()
        length = int.from_bytes(plain[16:20], "big")
        assert plain[20 + length :].decode() == self.app_id
        return plain[20 : 20 + length].decode()

    def sign(self, *parts: str) -> str:
        """Over the token and all parts, in order of the alphabet."""
        return hashlib.sha1("".join(sorted((self.token, *parts))).encode()).hexdigest()

    def open_reply(self, body: str) -> str:
        """The XML in a passive reply, its signature checked."""
        found = {name: _tag(body, name) for name in ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")}
        signature = self.sign(found["TimeStamp"], found["Nonce"], found["Encrypt"])
        assert signature == found["MsgSignature"], "the reply is not signed"
        return self.decrypt(found["Encrypt"])


def _tag(body: str, name: str) -> str:
    found = re.search(rf"<{name}>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</{name}>", body, re.DOTALL)
    assert found, f"no {name} in the reply"
    return found[1] if found[1] is not None else found[2]
