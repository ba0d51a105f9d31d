"""One cog a command family."""
