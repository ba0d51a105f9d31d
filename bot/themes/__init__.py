"""Themes: contests of clips in a thread, with entries, a vote and a winner."""
