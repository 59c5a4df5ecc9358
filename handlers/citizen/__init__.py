"""What citizens hear: one script a file."""
