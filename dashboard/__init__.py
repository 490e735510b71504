"""Nearhop's dashboard: the pages of people who make links. It knows origin only by its public REST API."""
