"""`make demo`: the main job on a list of URLs, from nothing, with a table of what was seen."""
