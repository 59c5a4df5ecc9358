"""The admin files of one office: their shape, how they are read, and what the environment sets."""
