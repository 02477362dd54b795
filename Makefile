# Wispwright. `make help` lists what there is.

GO      ?= go
SERVER  := bin/wispwright
AGENT   := bin/wispwright-agent
UI      := server/admin
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.build=$(VERSION)

# the version is given above: building works also where git does not trust who
# owns the checkout, as in many containers
export GOFLAGS := $(GOFLAGS) -buildvcs=false

# properties are checked with the same values in every run, so that none fails
# by chance; `make fuzz` draws new ones (0 stands for that)
export RAPID_SEED ?= 1

.PHONY: terraform test-terraform client deb sbom licences site help build demo test test-go test-race test-ui test-browser cover lint lint-go lint-ui vuln agent bench soak fuzz services clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "%-14s %s\n", $$1, $$2}'

build: $(UI)/dist/index.html ## the server with its web admin and the agent, into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(SERVER) ./server/cmd/wispwright
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(AGENT) ./agent/cmd/wispwright-agent

demo: ## everything set up and running; ONCE=1 ends by itself when all devices are applied
	@scripts/demo

test: services ## every test: databases, agent against server, the admin in a browser
	@scripts/test

# the parts of `make test`, for when only one is wanted. A package that hangs
# ends after this time with the stacks of its goroutines; the slowest package takes
# 7 minutes on two free cores, 17 were measured beside a build
TIMEOUT ?= 40m
# go test; in CI a failed test runs once more by itself and is listed as flaky
# if it then passes (internal/gotest)
GOTEST := $(GO) run ./internal/gotest $(if $(CI),-rerun) --
test-go: services
	eval "$$(scripts/services env)" && $(GOTEST) -count=1 -parallel=4 -timeout=$(TIMEOUT) ./...
test-race: services ## the Go tests of what runs concurrently, under the race detector
	eval "$$(scripts/services env)" && $(GOTEST) -race -count=1 -timeout=$(TIMEOUT) . ./kit/... ./netjsonconfig/... ./tenancy ./controller ./agent/... ./server/jobs
test-terraform: build ## the provider of Terraform against a real server
	WISPWRIGHT_TEST_PROGRAM=$(CURDIR)/$(SERVER) $(GO) test -C terraform -count=1 -timeout=$(TIMEOUT) ./...
test-ui: $(UI)/node_modules/.package-lock.json
	cd $(UI) && npm run --silent typecheck && npm run --silent test
test-browser: build ## the admin in a real browser against a real server
	@scripts/test browser

cover: services ## what the tests of each concern reach of its packages without the recordings, the least first (scripts/cover)
	@scripts/cover; scripts/cover table

lint: lint-go lint-ui ## everything of both
lint-go: bin/lint ## staticcheck, vet, errorlint, contextcheck (scripts/lint), whether go.mod is tidy
	bin/lint ./...
	$(GO) vet -vettool=$(CURDIR)/bin/lint ./...
	$(GO) mod tidy -diff
	cd terraform && $(GO) vet ./... && $(GO) mod tidy -diff
lint-ui: $(UI)/node_modules/.package-lock.json ## biome for the admin
	cd $(UI) && npm run --silent lint
bin/lint: $(wildcard scripts/lint/*.go) scripts/lint/go.mod
	$(GO) build -C scripts/lint -o $(CURDIR)/bin/lint .
vuln: ## known vulnerabilities of what is used (scripts/vuln lists the exceptions)
	@scripts/vuln

AGENT_TARGETS := linux/amd64 linux/arm64 linux/arm/5 linux/arm/7 linux/mips/softfloat linux/mipsle/softfloat
agent: ## the agent for every kind of device, also as packages for opkg, with the sizes
	@for t in $(AGENT_TARGETS); do \
		set -- $$(echo $$t | tr / ' '); out=bin/wispwright-agent-$$2$${3:+-$$3}; goarm=; gomips=; \
		case $$2 in arm) goarm=$$3;; mips*) gomips=$$3;; esac; \
		CGO_ENABLED=0 GOOS=$$1 GOARCH=$$2 GOARM=$$goarm GOMIPS=$$gomips \
			$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $$out ./agent/cmd/wispwright-agent || exit 1; \
		agent/openwrt/ipk $$out $(VERSION) $$out.ipk || exit 1; \
		printf '%-40s %9d bytes, %9d as a package\n' $$out $$(stat -c %s $$out) $$(stat -c %s $$out.ipk); \
	done

bench: build ## the tables of figures, ours beside a bare net/http handler
	@scripts/bench

soak: services ## the slow proofs: drills with faults, long runs, large numbers
	eval "$$(scripts/services env)" && WISPWRIGHT_SOAK=1 $(GO) test -count=1 -timeout 120m -v -run Soak ./...

fuzz: ## every fuzz target for a minute, and properties with values never tried
	@scripts/fuzz 60s

services: ## install and start what the tests use, on loopback only
	@scripts/services start >/dev/null

$(UI)/node_modules/.package-lock.json: $(UI)/package-lock.json
	cd $(UI) && npm ci --no-audit --no-fund --loglevel=error

$(UI)/dist/index.html: $(UI)/node_modules/.package-lock.json $(shell find $(UI)/src $(UI)/index.html $(UI)/vite.config.* -type f 2>/dev/null)
	cd $(UI) && npm run --silent build

terraform: ## the provider of Terraform, into bin/
	CGO_ENABLED=0 $(GO) build -C terraform -trimpath -ldflags '-s -w -X main.build=$(VERSION)' -o $(CURDIR)/bin/terraform-provider-wispwright .

deb: build licences ## a package for Debian of the machine's processor, into bin/
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 0) packaging/deb $(SERVER) $$(dpkg --print-architecture) $(VERSION) bin/wispwright_$$(dpkg --print-architecture).deb

sbom: build ## what the server is made of, as CycloneDX, into bin/
	GOMODCACHE=$$($(GO) env GOMODCACHE) $(GO) run ./internal/sbom -npm $(UI)/package-lock.json $(SERVER) >bin/wispwright.cdx.json
licences: ## what is shipped under which licences: docs/licences.md, and their texts into bin/
	@mkdir -p bin
	$(GO) run ./internal/sbom -licences -npm $(UI)/package-lock.json >bin/licences.md && mv bin/licences.md docs/licences.md
	$(GO) run ./internal/sbom -texts -npm $(UI)/package-lock.json >bin/licences.txt

client: ## client/api and the admin's shapes anew, after the API changed
	$(GO) run ./internal/clientgen

site: ## the documentation as a static site, into bin/site
	$(GO) run ./internal/docsite -base https://github.com/wispwright/wispwright/blob/main/ . bin/site

clean: ## remove what was built and the demo's state
	rm -rf bin .demo $(UI)/node_modules
	find $(UI)/dist -mindepth 1 ! -name README.md -delete 2>/dev/null || true
