LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock: ## Resolve pyproject.toml into deploy/locks/ again (needs uv)
	$(LOCK) pyproject.toml --group build --all-extras -o deploy/locks/run.txt
	$(LOCK) pyproject.toml --group build --all-extras --group dev -c deploy/locks/run.txt -o deploy/locks/dev.txt
	npm install --package-lock-only
