"""The REST API, the accounts and the links in Postgres, the intake of clicks and their analytics."""
