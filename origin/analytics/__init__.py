"""Questions about clicks, answered from ClickHouse."""
