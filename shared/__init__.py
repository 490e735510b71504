"""The contract between Nearhop's services: standard library only, for CPython 3.11+ and Pyodide."""
