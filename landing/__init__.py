"""Nearhop's website: rendered once at start, then served from memory."""
