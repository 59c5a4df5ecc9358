"""The law of a case: pure functions over frozen values, no input or output."""
