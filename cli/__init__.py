"""The `nearhop` command: what people do with links from a terminal, over the public REST API."""
