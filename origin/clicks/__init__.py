"""Clicks on their way from the edge to ClickHouse: intake, spool, drain."""
