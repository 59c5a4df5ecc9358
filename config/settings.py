"""What the environment sets: ZHITONG_* names, each also as ZHITONG_*_FILE (design.md §9)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "ZHITONG_"
MAX_FILE = 100_000

ADVICE = {"port": "要写 0 到 65535 的整数。"}


class SettingsErrors(ValueError):
    """The environment cannot be used. Each of `problems` names the variable and never its value."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def _address(value: str) -> str:
    if "://" not in value:
        raise ValueError("要写完整的地址，例如 https://host:port")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """One process's settings. `Settings()` reads the environment and raises SettingsErrors.

    None means that nothing was set: no site is the built-in sample, no database_url is SQLite in data_dir,
    no redis_url is a single process, a channel without its token is off.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    site: Path | None = None
    data_dir: Path = Path("./zhitong-data")
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: Address | None = None
    secret_keys: SecretStr | None = None
    metrics_token: SecretStr | None = None

    telegram_token: SecretStr | None = None
    telegram_api_url: Address | None = None
    telegram_webhook_secret: SecretStr | None = None
    telegram_staff_group: str | None = None

    wechat_app_id: str | None = None
    wechat_app_secret: SecretStr | None = None
    wechat_token: SecretStr | None = None
    wechat_aes_key: SecretStr | None = None
    wechat_api_url: Address | None = None

    wecom_bot_id: str | None = None
    wecom_bot_secret: SecretStr | None = None
    wecom_url: Address | None = None
    wecom_staff_group: str | None = None
    wecom_webhooks: SecretStr | None = None
    wecom_ca_file: Path | None = None

    _unknown: list[str] = PrivateAttr(default_factory=list[str])

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsErrors([_complaint(item["loc"], item["msg"]) for item in error.errors()]) from None
        self._unknown = _unknown_names(type(self).model_fields)

    @property
    def unknown(self) -> list[str]:
        """Names in the environment that look like ours and are not: typing slips, to be shown at start."""
        return list(self._unknown)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first (for tests), then the environment; no .env file is read unasked."""
        return init_settings, _Environment(settings_cls)


class _Environment(PydanticBaseSettingsSource):
    """ZHITONG_NAME, or the stripped text of the file that ZHITONG_NAME_FILE points to. Empty is unset."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        name = PREFIX + field_name.upper()
        value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
        if value and file:
            raise SettingsErrors([f"{name} 和 {name}_FILE 只能设置一个。"])
        return (_contents(f"{name}_FILE", Path(file)) if file else value or None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        problems: list[str] = []
        for field_name, field in self.settings_cls.model_fields.items():
            try:
                value, key, _ = self.get_field_value(field, field_name)
            except SettingsErrors as error:
                problems += error.problems
                continue
            if value is not None:
                found[key] = value
        if problems:
            raise SettingsErrors(problems)
        return found


def _contents(name: str, path: Path) -> str:
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_FILE).decode("utf-8-sig").strip()
    except OSError as error:
        raise SettingsErrors([f"{name} 指的文件读不了：{path}（{error.strerror}）。"]) from None
    except UnicodeDecodeError:
        raise SettingsErrors([f"{name} 指的文件不是 UTF-8 文字：{path}。"]) from None
    if not text:
        raise SettingsErrors([f"{name} 指的文件是空的：{path}。"])
    return text


def _complaint(path: tuple[int | str, ...], said: str) -> str:
    field = str(path[0]) if path else ""
    return f"{PREFIX}{field.upper()} 的值不对：{ADVICE.get(field) or said.removeprefix('Value error, ')}"


def _unknown_names(fields: dict[str, FieldInfo]) -> list[str]:
    known = {PREFIX + name.upper() for name in fields}
    known |= {f"{name}_FILE" for name in known}
    return sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name not in known)
