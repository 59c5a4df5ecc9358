"""Envelopes: the official vectors, our own cipher against Tencent's side, and everything that is no push."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from bot.channels.wechat.crypto import BODY_MOST, BadKey, Crypto, Forged, Stamp
from bot.demo.fakes.tencent import AES_KEY, APP_ID, TOKEN, TencentCipher

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
TENCENT = TencentCipher()
US = Crypto(APP_ID, TOKEN, AES_KEY)
WORDS = ["好", "a", "你好，水管漏了", "𠮷野家 𪚥", "😀👨‍👩‍👧", "x" * 5000, "]]>", "<a&b>"]


def envelope(encrypt: str) -> bytes:
    return f"<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>".encode()


def sealed(words: str, **how: Any) -> tuple[Stamp, bytes]:
    """A push as Tencent seals it."""
    encrypt = how.pop("encrypt", "") or TENCENT.encrypt(words, **how)
    return Stamp(TENCENT.sign("1714112445", "n", encrypt), "1714112445", "n"), envelope(encrypt)


@pytest.mark.parametrize("name", ["mp_xml_legacy", "mp_docs_2024"])
def test_official_pushes_open(name: str) -> None:
    vector = VECTORS[name]
    crypto = Crypto(vector["id"], vector["token"], vector["aeskey"])
    stamp = Stamp(vector["msg_signature"], vector["timestamp"], vector["nonce"])
    assert vector["contains"] in crypto.open(stamp, envelope(vector["encrypt"]))


def test_the_official_question_is_answered() -> None:
    vector = VECTORS["url_verify"]
    crypto = Crypto(APP_ID, vector["token"], AES_KEY)
    stamp = Stamp(vector["signature"], vector["timestamp"], vector["nonce"])
    assert crypto.echo(stamp, vector["echostr"]) == vector["echostr"]
    with pytest.raises(Forged):
        crypto.echo(Stamp(vector["signature"], vector["timestamp"], vector["nonce"] + "1"), vector["echostr"])


def test_the_official_reply_is_what_tencent_s_side_makes() -> None:
    """Our judge is right about the vector; what we seal is then opened by the judge."""
    vector = VECTORS["reply_encrypt"]
    judge = TencentCipher(vector["id"], "AAAAA", vector["aeskey"])
    assert judge.encrypt(vector["plain"], salt=vector["random16"].encode()) == vector["encrypt"]
    assert judge.decrypt(vector["encrypt"]) == vector["plain"]
    reply = Crypto(vector["id"], "AAAAA", vector["aeskey"]).seal(vector["plain"], "1714112445")
    assert judge.open_reply(reply) == vector["plain"]


@pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
def test_what_tencent_seals_we_open_and_the_other_way_round(words: str) -> None:
    assert US.open(*sealed(words)) == words
    assert TENCENT.open_reply(US.seal(words, "1")) == words


def test_every_length_of_padding() -> None:
    for length in range(1, 70):
        words = "字" * length
        assert US.open(*sealed(words)) == words
        assert TENCENT.open_reply(US.seal(words, "1")) == words


def test_a_signature_covers_the_body() -> None:
    stamp, _ = sealed("一")
    for other in (sealed("二")[1], b"", b"<xml></xml>", envelope("A" * 44), sealed("一")[1][:-30]):
        with pytest.raises(Forged):
            US.open(stamp, other)
    good = sealed("一")
    for broken in ("", good[0].signature[:-1], good[0].signature.upper(), "é" * 40, "\udcff"):
        with pytest.raises(Forged):
            US.open(Stamp(broken, good[0].timestamp, good[0].nonce), good[1])


def test_what_is_signed_and_still_no_push() -> None:
    """Wrong account, wrong padding, wrong length, no whole block, no UTF-8: one error, whatever it is."""
    words = b"<xml/>"
    body = bytes(16) + len(words).to_bytes(4, "big") + words + APP_ID.encode()
    pad = 32 - len(body) % 32
    wrong = [
        TENCENT.encrypt("一", app_id="wx0000000000000000"),
        TENCENT.encrypt("一", app_id=""),
        TENCENT.encrypt("", app_id=None),
        TENCENT.encrypt("\ud800"),
        TENCENT.raw(body + bytes([pad]) * (pad - 1) + b"\0"),
        TENCENT.raw(body + b"\0" * pad),
        TENCENT.raw(body + bytes([pad - 1]) * pad),
        TENCENT.raw(body + bytes([255]) * pad),
        TENCENT.raw(bytes(16) + (2**31).to_bytes(4, "big") + bytes(12)),
        TENCENT.raw(bytes(32)),
        TENCENT.raw(b"\x20" * 32),
        "A" * 27 + "=",
        "A" * 41,
        "A" * 60000,
    ]
    errors = set[str]()
    for encrypt in wrong:
        with pytest.raises(Forged) as caught:
            US.open(*sealed("", encrypt=encrypt))
        errors.add(str(caught.value))
    assert len(errors) == 1


def test_a_body_over_64_kb_is_not_looked_at() -> None:
    stamp, body = sealed("好" * 12000)
    assert US.open(stamp, body) == "好" * 12000
    with pytest.raises(Forged):
        US.open(stamp, body.ljust(BODY_MOST + 1))


def test_wrong_signatures_take_the_same_time() -> None:
    """A signature that is right up to its last sign is refused no later than one that is wrong from its first."""
    stamp, body = sealed("好" * 300)
    early = Stamp(f"x{stamp.signature[1:]}", stamp.timestamp, stamp.nonce)
    late = Stamp(f"{stamp.signature[:-1]}x", stamp.timestamp, stamp.nonce)
    times: dict[bool, list[float]] = {True: [], False: []}
    for which in random.Random(1).choices((True, False), k=6000):
        began = time.perf_counter()
        with pytest.raises(Forged):
            US.open(early if which else late, body)
        times[which].append(time.perf_counter() - began)
    assert median(times[True]) == pytest.approx(median(times[False]), rel=0.2)


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, AES_KEY + "=", "é" * 43, "-" * 43])
def test_a_key_that_is_none_is_named_at_start(key: str) -> None:
    with pytest.raises(BadKey):
        Crypto(APP_ID, TOKEN, key)


# --- another implementation as a judge -----------------------------------------------------------------------

JUDGE = """
const WXBizMsgCrypt = require('wechat-crypto');
const [token, key, id, mode, words] = JSON.parse(process.argv[1]);
const judge = new WXBizMsgCrypt(token, key, id);
console.log(JSON.stringify(mode === 'open' ? judge.decrypt(words).message : judge.encrypt(words)));
"""


def _judge(mode: str, words: str) -> str:
    """wechat-crypto from the npm registry, in a folder that ZHITONG_WECHAT_JUDGE names."""
    folder = os.environ.get("ZHITONG_WECHAT_JUDGE", "")
    if not shutil.which("node") or not folder:
        pytest.skip("NOT JUDGED by wechat-crypto: needs Node, and ZHITONG_WECHAT_JUDGE to name where it is installed")
    asked = json.dumps([TOKEN, AES_KEY, APP_ID, mode, words])
    done = subprocess.run(["node", "-e", JUDGE, asked], cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
def test_an_independent_judge_agrees(words: str) -> None:
    reply = US.seal(words, "1")
    inside = reply.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert _judge("open", inside) == words
    theirs = _judge("seal", words)
    assert US.open(Stamp(TENCENT.sign("1", "n", theirs), "1", "n"), envelope(theirs)) == words
