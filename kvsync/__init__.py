"""Carries link changes from the outbox in Postgres to Workers KV, and proves that both hold the same."""
