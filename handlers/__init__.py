"""What is said and when: pure, synchronous, no input or output."""
