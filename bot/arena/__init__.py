"""The arena: two clips of the same words, shown blind, voted on, and what the votes come to."""
