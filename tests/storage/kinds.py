"""Marks of tests that are about one kind of database; all others run on both."""

import pytest

only_sqlite = pytest.mark.parametrize("kind", ["sqlite"])
only_postgresql = pytest.mark.parametrize("kind", ["postgresql"])
