# Every target is one command of tools/dev.py, which says what they do: `make help`.
# ARGS goes on to it: make test ARGS="-k quantity"
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help run quick test e2e lint site check build bench load fuzz judge dataplane format engines browser

help:
	@$(PYTHON) tools/dev.py help

run quick test e2e lint site check build bench load dataplane format engines browser:
	@$(PYTHON) tools/dev.py $@ $(ARGS)

# make judge N=100000
judge:
	@$(PYTHON) tools/dev.py judge $(or $(N),10000) $(ARGS)

# make fuzz N=10000 ARGS=validatingpolicy
fuzz:
	@$(PYTHON) tools/dev.py fuzz $(or $(N),300) $(ARGS)
