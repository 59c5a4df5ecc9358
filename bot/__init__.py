"""The machine that runs: the only room that touches network, disk, clock or database."""
