# Unit tests of the rr program: tests/unit/test_*.c, each a program of its own, built with sanitizers, run from $(B)/unit.
# A test links all of host/ but main.c; test_record runs $(B)/unit/rr with a fake engine beside it.
UNIT_CFLAGS = $(HOST_CFLAGS) -O1 -Wno-format-truncation -Wno-maybe-uninitialized -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
unit_host_obj := $(patsubst %,$(B)/unit/%.o,$(host_src))
unit_lib := $(filter-out $(B)/unit/host/main.c.o $(B)/unit/host/cmd_%,$(unit_host_obj))
unit_tests := $(patsubst tests/unit/%.c,$(B)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
unit_fuzz := $(patsubst tests/fuzz/%.c,$(B)/unit/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

unit: $(unit_tests) $(unit_fuzz) $(B)/unit/rr $(B)/unit/rr-engine
	@for t in $(unit_tests); do echo "$$t" && $$t || exit 1; done
	@for f in $(unit_fuzz); do echo "$$f" && $$f tests/fuzz/corpus/$${f##*/} || exit 1; done
# fuzz: libFuzzer for FUZZ_SECONDS on each target, with clang.
FUZZ_SECONDS ?= 60
fuzz: $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
	@for f in $^; do mkdir -p $(B)/fuzz/corpus/$${f##*/} && $$f -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 $(B)/fuzz/corpus/$${f##*/} tests/fuzz/corpus/$${f##*/} || exit 1; done

$(B)/unit/host/%.o: host/%
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/unit/rr: $(unit_host_obj)
	$(CC) $(UNIT_CFLAGS) -o $@ $^ $(HOST_LIBS)
$(B)/unit/rr-engine: tests/unit/fake_engine.c $(wildcard abi/*.h)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -MMD -MP -o $@ $<
$(B)/unit/test_%: tests/unit/test_%.c tests/unit/unit.h $(unit_lib)
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -o $@ $< $(unit_lib) $(HOST_LIBS)
$(B)/unit/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/driver.c $(unit_lib)
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -o $@ $< tests/fuzz/driver.c $(unit_lib) $(HOST_LIBS)
$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(host_src)
	@mkdir -p $(@D)
	clang $(HOST_CFLAGS) -O1 -fsanitize=fuzzer,address,undefined -o $@ $< $(filter-out host/main.c host/cmd_%,$(host_src)) $(HOST_LIBS)
-include $(unit_host_obj:.o=.d)
.PHONY: unit fuzz
