"""The pages: the citizen's talk and the staff room."""
