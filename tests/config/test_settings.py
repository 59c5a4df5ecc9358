"""The environment: names, NAME_FILE, secrets that stay secret, slips that are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import PREFIX, Settings, SettingsErrors


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ZHITONG_ name is set when a test starts."""
    import os

    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


def open_value(settings: Settings, name: str) -> object:
    """A setting, with the cover of a secret taken off."""
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else value


DEFAULTS = [
    ("site", None),
    ("data_dir", Path("zhitong-data")),
    ("database_url", None),
    ("redis_url", None),
    ("host", "127.0.0.1"),
    ("port", 8080),
    ("public_url", None),
    ("secret_keys", None),
    ("telegram_token", None),
]


@pytest.mark.parametrize(("name", "value"), DEFAULTS)
def test_nothing_set(name: str, value: object):
    assert getattr(Settings(), name) == value


SET = [
    ("ZHITONG_SITE", "/srv/site", Path("/srv/site")),
    ("ZHITONG_DATA_DIR", "/var/zhitong", Path("/var/zhitong")),
    ("ZHITONG_DATABASE_URL", "postgresql://u:p@h/d", "postgresql://u:p@h/d"),
    ("ZHITONG_REDIS_URL", "redis://h", "redis://h"),
    ("ZHITONG_HOST", "0.0.0.0", "0.0.0.0"),
    ("ZHITONG_PORT", "0", 0),
    ("ZHITONG_PORT", "65535", 65535),
    ("ZHITONG_PUBLIC_URL", "https://x.example/", "https://x.example"),
    ("ZHITONG_SECRET_KEYS", "a:AAAA", "a:AAAA"),
    ("ZHITONG_METRICS_TOKEN", "m", "m"),
    ("ZHITONG_TELEGRAM_TOKEN", "1:x", "1:x"),
    ("ZHITONG_TELEGRAM_API_URL", "http://127.0.0.1:9", "http://127.0.0.1:9"),
    ("ZHITONG_TELEGRAM_WEBHOOK_SECRET", "s", "s"),
    ("ZHITONG_TELEGRAM_STAFF_GROUP", "-1001234567890", "-1001234567890"),
    ("ZHITONG_WECHAT_APP_ID", "wx1", "wx1"),
    ("ZHITONG_WECHAT_APP_SECRET", "s", "s"),
    ("ZHITONG_WECHAT_TOKEN", "t", "t"),
    ("ZHITONG_WECHAT_AES_KEY", "k", "k"),
    ("ZHITONG_WECHAT_API_URL", "http://h", "http://h"),
    ("ZHITONG_WECOM_BOT_ID", "b", "b"),
    ("ZHITONG_WECOM_BOT_SECRET", "s", "s"),
    ("ZHITONG_WECOM_URL", "wss://h/x", "wss://h/x"),
    ("ZHITONG_WECOM_STAFF_GROUP", "wrAbc", "wrAbc"),
    ("ZHITONG_WECOM_WEBHOOKS", "https://h/x?key=k", "https://h/x?key=k"),
    ("ZHITONG_WECOM_CA_FILE", "/etc/ca.pem", Path("/etc/ca.pem")),
]


@pytest.mark.parametrize(("name", "text", "value"), SET)
def test_each_name_is_read(monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object):
    monkeypatch.setenv(name, text)
    settings = Settings()
    assert open_value(settings, name.removeprefix(PREFIX).lower()) == value
    assert settings.unknown == []


@pytest.mark.parametrize(("name", "text", "value"), SET)
def test_each_name_is_read_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, value: object
):
    path = tmp_path / "value"
    path.write_text(f"  {text}\n", encoding="utf-8")
    monkeypatch.setenv(f"{name}_FILE", str(path))
    settings = Settings()
    assert open_value(settings, name.removeprefix(PREFIX).lower()) == value
    assert settings.unknown == []


def test_every_name_of_the_design_is_there_and_no_other():
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert known == {name for name, _, _ in SET}


WRONG = [
    ({"ZHITONG_PORT": "abc"}, ["ZHITONG_PORT 的值不对：要写 0 到 65535 的整数。"]),
    ({"ZHITONG_PORT": "70000"}, ["ZHITONG_PORT 的值不对：要写 0 到 65535 的整数。"]),
    ({"ZHITONG_PUBLIC_URL": "x.example"}, ["ZHITONG_PUBLIC_URL 的值不对"]),
    ({"ZHITONG_SECRET_KEYS_FILE": "/nowhere/keys"}, ["ZHITONG_SECRET_KEYS_FILE 指的文件读不了：/nowhere/keys"]),
    ({"ZHITONG_SECRET_KEYS_FILE": "/"}, ["ZHITONG_SECRET_KEYS_FILE 指的文件读不了：/"]),
    ({"ZHITONG_SITE": "/a", "ZHITONG_SITE_FILE": "/b"}, ["ZHITONG_SITE 和 ZHITONG_SITE_FILE 只能设置一个。"]),
    (
        {"ZHITONG_SITE_FILE": "/nowhere", "ZHITONG_WECHAT_TOKEN_FILE": "/nowhere"},
        ["ZHITONG_SITE_FILE 指的", "ZHITONG_WECHAT_TOKEN_FILE 指的"],
    ),
]


@pytest.mark.parametrize(("names", "told"), WRONG, ids=[" ".join(names) + told[0][-6:] for names, told in WRONG])
def test_a_wrong_environment_fails_loudly(monkeypatch: pytest.MonkeyPatch, names: dict[str, str], told: list[str]):
    for name, text in names.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SettingsErrors) as caught:
        Settings()
    assert [found.startswith(words) for found, words in zip(caught.value.problems, told, strict=True)] == [True] * len(
        told
    )


@pytest.mark.parametrize(("raw", "words"), [(b" \n", "是空的"), ("密".encode("gbk"), "不是 UTF-8")])
def test_a_useless_file_fails_loudly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raw: bytes, words: str):
    path = tmp_path / "value"
    path.write_bytes(raw)
    monkeypatch.setenv("ZHITONG_WECHAT_TOKEN_FILE", str(path))
    with pytest.raises(SettingsErrors, match=f"ZHITONG_WECHAT_TOKEN_FILE .*{words}"):
        Settings()


def test_an_empty_name_counts_as_not_set(monkeypatch: pytest.MonkeyPatch):
    for name, _, _ in SET:
        monkeypatch.setenv(name, "")
    assert Settings() == Settings(port=8080)


def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch):
    canary = "canary://kanarienvogel"
    for name, text, _ in SET:
        if re.search("SECRET|TOKEN|KEY|DATABASE|REDIS", name):
            monkeypatch.setenv(name, canary)
        else:
            monkeypatch.setenv(name, text)
    settings = Settings()
    assert canary not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"
    monkeypatch.setenv("ZHITONG_PORT", canary)
    with pytest.raises(SettingsErrors) as caught:
        Settings()
    assert canary not in f"{caught.value!r}{caught.value.__cause__}"


def test_an_unknown_name_is_reported_and_not_fatal(monkeypatch: pytest.MonkeyPatch):
    for name in ("ZHITONG_PROT", "ZHITONG_PORT_FIEL", "zhitong_port"):
        monkeypatch.setenv(name, "1")
    assert Settings().unknown == ["ZHITONG_PORT_FIEL", "ZHITONG_PROT", "zhitong_port"]
