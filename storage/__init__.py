"""Remembers: the only place that speaks SQL, and the clips on disk.

Every operation is a plain function whose first argument is a `sqlalchemy.Connection`, so that
one unit of work composes several of them: `await database.write(lambda connection: ...)`.
"""
