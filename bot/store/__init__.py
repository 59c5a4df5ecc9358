"""Tables and the two stores; everything that speaks SQL."""
