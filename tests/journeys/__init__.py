"""Whole requests through the playground: what a member types, what a member sees."""
