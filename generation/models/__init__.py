"""The model catalogue, as data, and one adapter per model family."""
