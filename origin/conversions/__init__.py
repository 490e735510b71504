"""Leads and sales: taken once, credited to the clicks that led to them, brought to ClickHouse."""
