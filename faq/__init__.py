"""Policy answers: the files clerks edit, and how a question finds its answer."""
