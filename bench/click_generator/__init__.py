"""Made-up clicks that look like real ones: seeded, skewed, in days and nights. See docs/benchmarks.md.

Each click is a pure function of the seed and the click's number. The function is written twice, in Python (model.py) for the
real intake and in ClickHouse's SQL (load.sql) for hundreds of millions of rows; a test holds the two to each other.
"""
