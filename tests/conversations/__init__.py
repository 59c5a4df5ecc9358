"""Conversations with the whole house but its doors: what people say and what they hear."""
