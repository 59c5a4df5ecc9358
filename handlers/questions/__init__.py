"""The questions a script may yield: base.py is the contract, one kind a file beside it."""
