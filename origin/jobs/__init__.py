"""Work that is done after the answer: queued in Postgres with the change that asks for it, done by `python -m origin.jobs`."""
