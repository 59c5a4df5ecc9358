"""The dialogue by itself: words, places, questions and scripts over a desk of dicts."""
