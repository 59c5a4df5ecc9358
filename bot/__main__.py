"""The command's own door: Ctrl-C is met quietly even while the rest is still being imported."""

from __future__ import annotations


def main() -> None:
    """`zhitong`, and `python -m bot`."""
    from bot.failures import INTERRUPTED, leaving_at_once

    try:
        with leaving_at_once():
            from bot.cli import main as command

        command()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
