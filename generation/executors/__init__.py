"""Implementations of `generation.executor.Executor`."""
