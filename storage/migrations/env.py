"""Run by Alembic: migrates over the connection, and in the transaction, of `revisions.upgrade`."""

from alembic import context

from storage.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
