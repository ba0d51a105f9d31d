"""Faces people: Discord, command line, web."""
