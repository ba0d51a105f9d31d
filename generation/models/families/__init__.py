"""One file a family of models: which pipelines it has, how they are called and read."""
