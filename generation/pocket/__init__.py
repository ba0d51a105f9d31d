"""The pocket model: a small text-and-image-to-video model that ships with the project.

`world` describes what it can draw, `train` makes its weights from nothing, `evaluate`
measures them, `pipeline` loads them. `vocabulary` and `phrasing` are free of torch.
"""
