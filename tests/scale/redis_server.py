"""A Redis of our own: nothing on disk, on a port of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

REDIS = shutil.which("redis-server") or shutil.which("valkey-server")


class RedisServer:
    """Started for these tests, killed and wiped by them."""

    def __init__(self) -> None:
        from tests.scale.cluster import free_port

        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="zt-redis-"))
        self._server: subprocess.Popen[Any] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Serve, and return when it does."""
        assert REDIS
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._server = subprocess.Popen([REDIS, *words], cwd=self.folder, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while self.tell("PING") != "+PONG":
            assert time.monotonic() < until
            time.sleep(0.02)

    def kill(self) -> None:
        """As a crash; everything in it is gone."""
        assert self._server is not None
        self._server.kill()
        self._server.wait()

    def remove(self) -> None:
        """Leave nothing."""
        if self._server is not None and self._server.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self, command: str) -> str:
        """The first line it says to a command; "" when it is not there."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                line.sendall(f"{command}\r\n".encode())
                return line.recv(4096).decode().split("\r\n", 1)[0]
        except OSError:
            return ""
