"""A story becomes scenes, speech, captions and a film."""
