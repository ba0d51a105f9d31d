"""/help: its content as data, its pages, and its examples that run."""
