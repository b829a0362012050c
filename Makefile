# Garboard's front door: short names for what is done every day. Meson does the building (meson.build), tools/ the work.
# Packages of tools/packages that are missing are installed first, as root or with sudo; PACKAGES=0 forbids it.

BUILD := build
FUZZ_SECONDS ?= 60

.PHONY: all demo check check-quick bench fuzz format install packages clean help
.DEFAULT_GOAL := all

all: ## build the programs into build/bin (the default)
	@tools/install-packages build
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD)
	@ninja -C $(BUILD)

demo: all ## boot virtual machines, good and tampered with, and judge them
	@tools/install-packages lab
	@lab/demo

check: ## everything that must hold before a change goes in (CHECK_VM=0: no virtual machines)
	@tools/install-packages
	@tools/check

check-quick: ## the inner loop: layers, format, one build, its tests but the slow ones
	@tools/install-packages build check
	@tools/check quick

bench: ## measure; ratios to the floor of the same run (KEYLIME=FOLDER: a peer beside it)
	@tools/install-packages build check
	@tools/bench

fuzz: ## fuzz each foreign format for FUZZ_SECONDS
	@tools/install-packages build check
	@tools/fuzz $(FUZZ_SECONDS)

format: ## let clang-format rewrite the C files
	@tools/install-packages build check
	@find src bin tests -name '*.[ch]' -exec clang-format-19 -i {} +

install: all ## install below DESTDIR, at PREFIX (default: /usr/local)
	@meson configure $(BUILD) -Dprefix=$(or $(PREFIX),/usr/local)
	@meson install -C $(BUILD)

packages: ## install every Debian package that building, checking and the lab need
	@tools/install-packages

clean: ## remove everything that was made here
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
