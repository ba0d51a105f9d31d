"""Discord's REST API, as far as a bot of slash commands needs it."""
