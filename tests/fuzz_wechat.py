"""`make fuzz`: atheris at the door of WeChat. Any exception but the declared ones, or 50 ms for one input, ends it.

An input whose first byte is below 128 is what stands inside an envelope, signed and sealed: behind the signature
Tencent passes on what citizens wrote. Any other is a query and an envelope as a stranger sends them. The seeds are
the tables of test_parse.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import atheris

from bot.demo.fakes.tencent import AES_KEY, APP_ID, TOKEN, TencentCipher

INSTRUMENTED = ["bot.channels.wechat", "xmltodict", "wechatpy"]
with atheris.instrument_imports(include=INSTRUMENTED):  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    from bot.channels.wechat.crypto import Crypto, Forged, Stamp
    from bot.channels.wechat.draw import passive
    from bot.channels.wechat.parse import Odd, parse

from bot.demo.fakes.wechat import xml  # noqa: E402 - after the instrumented imports
from tests.channels.wechat.test_parse import EVENT, EVENTS, FAN, MESSAGES  # noqa: E402

MOST_SECONDS = 0.05
SAID_EVERY = 50_000
US, TENCENT = Crypto(APP_ID, TOKEN, AES_KEY), TencentCipher()
ENDS: Counter[str] = Counter()


def one(data: bytes) -> None:
    """One input."""
    if data[:1] < b"\x80":
        encrypt = TENCENT.encrypt(data[1:])
        stamp = Stamp(TENCENT.sign("1", "n", encrypt), "1", "n")
        body = f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>".encode()
    else:
        query, _, body = data[1:].partition(b"\0")
        words = query.decode("utf-8", "replace").split("\n", 2)
        stamp = Stamp(*[*words, "", "", ""][:3])
    began = time.process_time()
    try:
        came = parse(US.open(stamp, body))
        passive(came.sender, came.official, 1, came.text)
        ENDS["read"] += 1
    except (Forged, Odd) as refused:
        ENDS[type(refused).__name__] += 1
    if sum(ENDS.values()) % SAID_EVERY == 0:
        print(f"inputs by what became of them: {dict(ENDS)}", flush=True)
    assert time.process_time() - began < MOST_SECONDS, "too slow"


def sow(folder: Path) -> None:
    """One seed for every row of the tables, and an envelope."""
    for at, (pushed, _) in enumerate(MESSAGES + EVENTS):
        words = xml({**(FAN if "MsgType" in pushed else EVENT), **pushed})
        (folder / str(at)).write_bytes(b"\0" + words.encode("utf-8", "replace"))
    encrypt = TENCENT.encrypt(xml({**FAN, "MsgType": "text"}))
    signed = f"{TENCENT.sign('1', 'n', encrypt)}\n1\nn\0<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    (folder / "envelope").write_bytes(b"\xff" + signed.encode())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sow(Path(made))
        atheris.Setup([*sys.argv, made], one)  # pyright: ignore[reportUnknownMemberType]
        atheris.Fuzz()  # pyright: ignore[reportUnknownMemberType]
