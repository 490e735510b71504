"""How long connections that nobody uses are kept."""

# A server's has to be well above any client's: a client that sends on a connection which the server closes at that moment
# gets an error for an answer. httpx's clients keep theirs for 5 seconds, as uvicorn does by itself; proxies take up to 60.
# A stop closes idle connections at once.
KEEP_ALIVE_SECONDS = 75
# Said rather than left to httpx, so that it stays below.
CLIENT_KEEP_ALIVE_SECONDS = 5.0
