# btools - small Linux measuring tools that speak in records.  `make help` lists the targets.

VERSION := 0.1
TOOLS   := bcpu bmem bdisk bsys bnet bring bsched bsample bagg bdiff
PAGES   := $(TOOLS:%=man/%.1) man/btools-record.5 man/btools.7

# Variants, each in its own build directory: SAN=address,undefined  STATIC=1  BPF=0  DEBUG=1.
comma := ,
BPF ?= $(if $(and $(shell command -v clang),$(shell command -v bpftool)),1,0)
O   ?= build$(if $(SAN),-san-$(subst $(comma),-,$(SAN)))$(if $(STATIC),-static)$(if $(filter 0,$(BPF)),-nobpf)$(if $(DEBUG),-debug)

PREFIX  ?= /usr/local
DESTDIR ?=
CFLAGS  ?= $(if $(DEBUG),-O0 -g3,-O2 -g)

# Sources named *_bpf.c need libbpf and the compiled BPF programs; *_nobpf.c stand in for them where BPF=0.
absent = $(if $(filter 0,$(BPF)),%_bpf.c,%_nobpf.c)
PROGRAMS := $(if $(filter 0,$(BPF)),,$(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c)))

FLAGS := -std=gnu11 -D_GNU_SOURCE -DHAVE_BPF=$(BPF) $(if $(STATIC),-DBT_STATIC=1) -DBT_VERSION='"$(VERSION)"' -Ilib -Ibpf -I$(O) -ffp-contract=off \
         -Wall -Wextra -Wshadow -Wvla -Wmissing-prototypes -Wformat=2 -pthread
SANF  := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
LINK   = $(CC) $(SANF) $(if $(STATIC),-static) -pthread $(LDFLAGS) -o $@ $^ -lz -lm $(LDLIBS)

UNIT  := $(patsubst tests/unit/%.c,%,$(filter-out $(absent),$(wildcard tests/unit/*.c)))
FUZZ  := $(patsubst tests/fuzz/%.c,%,$(filter-out $(absent),$(wildcard tests/fuzz/*.c)))
# A benchmark program NAME.c with BPF programs of its own has them in NAME.bpf.c.
BENCH_BPF := $(patsubst tests/bench/%.bpf.c,%,$(wildcard tests/bench/*.bpf.c))
BENCH := $(filter-out %.bpf $(if $(filter 0,$(BPF)),$(BENCH_BPF)),$(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c)))

all: $(TOOLS:%=$(O)/%)

# A tool is tools/NAME.c, or tools/NAME/*.c when it needs several files. (A function, since % means the stem in a static pattern rule.)
tool_objects = $(patsubst %.c,$(O)/%.o,$(filter-out $(absent),$(wildcard tools/$(1).c tools/$(1)/*.c)))
# The tools with BPF programs of their own, and nothing else, link libbpf.
$(PROGRAMS:%=$(O)/%) $(BENCH_BPF:%=$(O)/bench/%): LDLIBS += -lbpf -lelf -lz
# Those of the unit tests and fuzz targets need libelf alone.
$(filter %_bpf,$(UNIT:%=$(O)/unit/%) $(FUZZ:%=$(O)/fuzz/%)): LDLIBS += -lelf -lz
# io_uring.
$(O)/bdisk $(O)/bnet $(O)/bring $(O)/bench/floor_read: LDLIBS += -luring
$(O)/shardwc $(filter $(O)/unit/shard%,$(UNIT:%=$(O)/unit/%)): LDLIBS += -luring
# dlopen, which is apart from the C library before glibc 2.34.
$(O)/bsample: LDLIBS += -ldl
.SECONDEXPANSION:
$(TOOLS:%=$(O)/%): $(O)/%: $$(call tool_objects,$$*) $(O)/libbtools.a
	$(LINK)
$(O)/skeleton: $(O)/contrib/skeleton/skeleton.o $(O)/libbtools.a
	$(LINK)
$(O)/shardwc: $(O)/contrib/shards/shardwc.o $(O)/libbtools.a
	$(LINK)
$(UNIT:%=$(O)/unit/%): $(O)/unit/%: $(O)/tests/unit/%.o $(O)/libbtools.a
	@mkdir -p $(@D)
	$(LINK)
# The loops of bmem are tested by themselves.
$(O)/unit/bmem: $(patsubst %.c,$(O)/%.o,$(wildcard tools/bmem/kernel.c tools/bmem/simd_*.c))
$(FUZZ:%=$(O)/fuzz/%): $(O)/fuzz/%: $(O)/tests/fuzz/%.o $(O)/libbtools.a
	@mkdir -p $(@D)
	$(LINK)
$(BENCH:%=$(O)/bench/%): $(O)/bench/%: $(O)/tests/bench/%.o $(O)/libbtools.a
	@mkdir -p $(@D)
	$(LINK)

# The plain loops that bmem is compared with are left to the compiler's best.
$(O)/tests/bench/plain.o: private CFLAGS += -O3 -march=native -ffp-contract=fast

$(O)/libbtools.a: $(patsubst %.c,$(O)/%.o,$(filter-out $(absent),$(sort $(wildcard lib/*.c))))
	rm -f $@ && $(AR) rcs $@ $^

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(SANF) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A BPF program is compiled against the few kernel types that it declares itself and relocated when it is loaded, so that one
# object serves all kernels and both architectures. The objects of its tool include the skeleton, NAME.skel.h.
UAPI := $(shell $(CC) -print-multiarch 2>/dev/null)
$(O)/%.bpf.o: %.bpf.c
	@mkdir -p $(@D)
	clang --target=bpf -mcpu=v3 -ffreestanding -O2 -g -Wall -Wextra -Wshadow -Ibpf -Ilib $(UAPI:%=-idirafter /usr/include/%) -MMD -MP -MT $@ -MF $(@:.o=.d) \
		-c -o $(@:.bpf.o=.clang.o) $<
	bpftool gen object $@ $(@:.bpf.o=.clang.o)
skeleton = bpftool gen skeleton $< name $*_bpf > $@
$(O)/%.skel.h: $(O)/bpf/%.bpf.o
	$(skeleton)
$(O)/%.skel.h: $(O)/tests/bench/%.bpf.o
	$(skeleton)
$(foreach p,$(PROGRAMS),$(eval $(call tool_objects,$(p)): | $(O)/$(p).skel.h))
$(foreach p,$(BENCH_BPF),$(eval $(O)/tests/bench/$(p).o: | $(O)/$(p).skel.h))

-include $(wildcard $(O)/*/*.d $(O)/*/*/*.d)

# Everything that the tests run, in this variant.
test-programs: all $(O)/skeleton $(O)/shardwc $(UNIT:%=$(O)/unit/%) $(FUZZ:%=$(O)/fuzz/%) $(BENCH:%=$(O)/bench/%)
unit: $(UNIT:%=$(O)/unit/%)
bench-programs: all $(BENCH:%=$(O)/bench/%)

# Set-up, build, run the main job, print a report; the second run compares itself with the first.
demo:
	@contrib/setup build
	@$(MAKE) -s $(JOBS) all
	@PATH=$$($(MAKE) -s where):$$PATH contrib/demo

where:
	@echo $(abspath $(O))

# Set-up, build all variants, run all tests. TESTS= narrows it: make check TESTS=tests/bagg.bats
TESTS ?= tests contrib/skeleton contrib/shards
JOBS := -j$(shell nproc)
check:
	@contrib/setup test
	@$(MAKE) -s $(JOBS) test-programs hdr-check
	@$(MAKE) -s $(JOBS) SAN=address,undefined test-programs
	@$(MAKE) -s $(JOBS) SAN=thread all unit
	@$(MAKE) -s $(JOBS) STATIC=1 all
	@$(MAKE) -s $(JOBS) BPF=0 all
	@PATH=$$($(MAKE) -s where):$$PATH tests/run $(TESTS)

# The tests that need root, alone.
check-root:
	@contrib/setup test
	@$(MAKE) -s $(JOBS) test-programs
	@PATH=$$($(MAKE) -s where):$$PATH tests/run -f root $(TESTS)

# Compare with peers; prints btools records.
bench:
	@contrib/setup bench
	@$(MAKE) -s $(JOBS) bench-programs
	@PATH=$$($(MAKE) -s where):$$PATH tests/bench/run

lint: hdr-check
	tests/lint

hdr-check: $(wildcard lib/*.h)
	@for h in $^; do $(CC) $(FLAGS) -fsyntax-only -x c -include $$h /dev/null || exit 1; done

install: all
	@for page in $(PAGES); do [ -e $$page ] || { echo "no $$page" >&2; exit 1; }; done
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man7
	install -m755 $(TOOLS:%=$(O)/%) $(DESTDIR)$(PREFIX)/bin
	for page in $(PAGES); do install -m644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}; done

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(PREFIX)/bin/%)
	for page in $(PAGES); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page#man/}; done

dist:
	git archive --format=tar.gz --prefix=btools-$(VERSION)/ -o btools-$(VERSION).tar.gz HEAD

clean:
	rm -rf build build-*

help:
	@echo 'all          build the tools below $(O)/'
	@echo 'demo         set up, build, measure this machine, report; run it twice to compare'
	@echo 'check        set up, build every variant, run all tests'
	@echo 'check-root   the tests that need root'
	@echo 'bench        compare with other programs; prints records'
	@echo 'lint         shellcheck, mandoc, cppcheck, house rules'
	@echo 'install      into $(DESTDIR)$(PREFIX); uninstall removes it'
	@echo 'dist         a source tarball;  clean  remove all build directories'
	@echo 'variants:    SAN=address,undefined  STATIC=1  BPF=0  DEBUG=1'

.PHONY: all test-programs unit bench-programs demo where check check-root bench lint hdr-check install uninstall dist clean help
.DELETE_ON_ERROR:
.SECONDARY:
