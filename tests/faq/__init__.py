"""Tests of the room faq/."""
