"""`nearhop links import`: many links from a file."""
