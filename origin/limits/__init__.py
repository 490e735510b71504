"""How many requests each key, person and address may make: counted together by all processes, in Postgres."""
