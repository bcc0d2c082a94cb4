# Two commands from a fresh clone, each alone: `make quick` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
STORE ?= runs/store
export OMP_NUM_THREADS ?= 1
FAST := tests/test_floors.py tests/test_prose.py tests/test_errors.py tests/test_records.py tests/test_suite.py tests/registry/test_code_form.py tests/registry/test_registry.py tests/stats tests/pgr tests/docs

.PHONY: quick real zoo ablations fuzz speed drill ray-drill test check docs lint format clean

quick: .venv/ready  ## install if needed, run the quick suite, print its tables
	$(BIN)/w2s-bench run quick --out runs/quick --store $(STORE)

test: export HF_HUB_OFFLINE = 1
test: .venv/ready lint  ## style, types and the whole test suite
	$(BIN)/pytest -n 2 --dist worksteal

check: export HF_HUB_OFFLINE = 1
check: .venv/ready lint  ## style, types and the fast tests, in about a minute
	$(BIN)/pytest -n 2 --dist worksteal $(FAST)

fuzz: .venv/ready  ## mutated bundles through board verify, mutated files through all readers: docs/how-to/submit.md, docs/explanation/reliability.md
	PYTHONPATH=tests $(BIN)/python -W ignore -m fuzz.bundles --count 12000
	PYTHONPATH=tests $(BIN)/python -W ignore -m fuzz.readers --count 100000

speed: .venv/ready  ## the fit loop beside a bare one and the peers' ways: docs/explanation/performance.md
	$(BIN)/python -m benchmarks.speed.fit
	$(BIN)/python benchmarks/speed/workers.py
	$(BIN)/python -m benchmarks.speed.grid
	PYTHONPATH=tests $(BIN)/pytest -p pytest_benchmark.plugin --benchmark-columns=min,median,max,rounds benchmarks/speed/processes.py

drill: export HF_HUB_OFFLINE = 1
drill: .venv/ready  ## kills, interrupts, shared stores, faults: docs/explanation/reliability.md
	PYTHONPATH=tests $(BIN)/python -m drills --out runs/drills

ray-drill: .venv/ready  ## quick on two Ray nodes, one killed or none, against one machine: docs/how-to/scale.md
	PYTHONPATH=tests $(BIN)/python -m drills.ray_nodes --out runs/ray-drill

docs: .venv/ready  ## the documentation site in build/docs/index.html; warnings are errors
	$(BIN)/python docs/generate.py --check
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs build/docs

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

real: .venv/ready  ## real rows; give the mirror of the hub: make real HUB=DIR
	$(BIN)/w2s-bench run real --out runs/real --store $(STORE) $(if $(HUB),--hub $(HUB))

zoo: .venv/ready  ## build the shipped models again: make zoo HUB=DIR CORPORA=DIR
	$(BIN)/w2s-bench zoo build text --out runs/zoo
	$(BIN)/w2s-bench zoo build chess --out runs/zoo $(if $(HUB),--hub $(HUB)) $(if $(CORPORA),--corpora $(CORPORA))

ablations: .venv/ready  ## what one changed factor does to quick's numbers: docs/results/ablations.md
	$(BIN)/w2s-bench zoo build text 96x3 --scale 0.1 --out runs/ablations/zoo-0.1
	$(BIN)/w2s-bench zoo build text 96x3 --scale 0.3 --out runs/ablations/zoo-0.3
	for suite in benchmarks/ablations/*.toml; do \
		$(BIN)/w2s-bench run $$suite --out runs/ablations/$$(basename $$suite .toml) --store $(STORE) || exit; \
	done

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is too old: expected Python 3.11 to 3.13. Try: make quick PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:  ## remove the environment and all runs
	rm -rf .venv runs build dist *.egg-info
