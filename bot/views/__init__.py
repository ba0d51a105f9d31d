"""Buttons and modals. Their state is in the custom id, so they outlive a restart."""
