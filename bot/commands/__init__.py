"""The commands behind `zhitong`, one group a file. What is slow to import is imported when a command needs it."""
