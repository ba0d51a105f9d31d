"""What the chat page and the headless member talk to."""
