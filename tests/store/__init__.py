"""The engine room: real SQLite files, real threads, real keys."""
