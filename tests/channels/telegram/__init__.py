"""Telegram against a fake Bot API server."""
