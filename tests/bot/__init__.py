"""The machine that runs: commands, the demo, the files of an office."""
