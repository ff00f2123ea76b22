"""Alembic's scripts, numbered, forward only. Each adds; what is no longer read is removed a release later."""
