"""Several processes: PostgreSQL and Redis of our own, started for these tests."""
