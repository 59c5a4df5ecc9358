"""Channels, each against a fake of its platform."""
