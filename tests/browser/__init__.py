"""The main job in a real browser: the real server in a process of its own, people in front of it."""
