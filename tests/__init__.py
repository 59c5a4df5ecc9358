"""Tests, room by room: the folders mirror the house."""
