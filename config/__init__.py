"""Decides: settings from the environment and one TOML file, read once when asked."""
