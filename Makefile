.DEFAULT_GOAL := help
.PHONY: help run test soak check format bench demo assets docs lock deploy-edge clean
python := .venv/bin/python
# FILE=: the links of `make demo`, one URL a line. CLICKS=: how many `make soak` sends.
# TESTS=: what `make test` runs. WORKERS=: how many files of tests it runs at a time.
FILE ?= deploy/demo/links.txt
TESTS ?=
WORKERS ?= 2
CLICKS ?= 1000000

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

run: ## Start all of Nearhop on this machine
	@sh deploy/local/setup.sh run
	@$(MAKE) --no-print-directory assets
	@$(python) -m deploy.local

test: ## Run every test, after installing what they need
	@sh deploy/local/setup.sh test
	@$(MAKE) --no-print-directory assets
	$(python) -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

soak: ## Kill every part at random while CLICKS= (a million) are counted, and compare with a recount
	@sh deploy/local/setup.sh test
	NEARHOP_SOAK_CLICKS=$(CLICKS) $(python) -m pytest tests/integration/clicks/test_soak.py

check: ## Lint, format check and types
	@sh deploy/local/setup.sh test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

format: ## Put the code into the house format
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

bench: ## Measure, and write bench/results.json
	@sh deploy/local/setup.sh test
	@$(MAKE) --no-print-directory assets
	$(python) -m bench

demo: ## Import FILE=, visit every link, and print the table of what was seen
	@sh deploy/local/setup.sh run
	@$(MAKE) --no-print-directory assets
	@$(python) -m deploy.demo $(FILE)

assets: ## Build the pages' styles and scripts
	@sh deploy/local/build_assets.sh

docs: ## Write the generated pages of docs/ again
	$(python) -m docs.settings_page > docs/settings.md

lock: ## Resolve pyproject.toml and package.json into the locks again (needs uv)
	$(resolve) --all-extras --group build pyproject.toml -o deploy/locks/run.txt
	$(resolve) --all-extras --group build --group dev -c deploy/locks/run.txt pyproject.toml -o deploy/locks/dev.txt
	# In an empty folder: npm leaves out of the lock what other platforms need once it sees this one's node_modules.
	d=$$(mktemp -d) && cp package.json $$d && (cd $$d && npm install --package-lock-only --omit-lockfile-registry-resolved) && \
		cp $$d/package-lock.json . && rm -r $$d
resolve := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

deploy-edge: ## Deploy the Worker to your Cloudflare account (needs uv and Node 22)
	uvx --from workers-py pywrangler deploy

clean: ## Remove what was installed and built; your data in .nearhop/ stays
	rm -rf .venv node_modules build *.egg-info edge/shared dashboard/static/built landing/static/built
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .wrangler
