# make          build/rr and build/rr-engine
# make check    all tests (minutes); see CONTRIBUTING.md for the others
B ?= build
CC ?= gcc
PREFIX ?= /usr/local
WARN = -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes

HOST_CFLAGS = -std=gnu17 -O2 -g -D_GNU_SOURCE -I. $(WARN) -pthread $(CFLAGS)
HOST_LIBS = -lzstd -lxxhash
# rr itself is linked statically where the archives are there: the dynamic linker would be a fifth of recording /bin/true.
STATIC ?= $(shell echo 'int main(void){return 0;}' | $(CC) -x c - -static $(HOST_LIBS) -o /dev/null 2>/dev/null && echo -static)
# The engine's flags are a closed list that never sees the user's CFLAGS.
ENGINE_CFLAGS = -std=gnu17 -O2 -g -I. -I$(B)/zydis/include -ffreestanding -mgeneral-regs-only -fno-stack-protector \
  -fno-pic -fno-pie -mcmodel=small -mno-red-zone -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none \
  -fno-tree-loop-distribute-patterns -fno-tree-slp-vectorize $(WARN) -DZYAN_NO_LIBC -DZYDIS_STATIC_BUILD -DZYCORE_STATIC_BUILD
ZYDIS_CFLAGS = $(filter-out $(WARN),$(ENGINE_CFLAGS)) -w -DZYAN_MEMSET=__builtin_memset -I$(B)/zydis/src
ENGINE_LDFLAGS = -static -nostdlib -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-T,engine/engine.lds

engine_src := $(sort $(wildcard engine/*.c engine/*/*.c engine/*.S))
host_src := $(sort $(wildcard host/*.c))
engine_obj := $(patsubst %,$(B)/%.o,$(engine_src))
host_obj := $(patsubst %,$(B)/%.o,$(host_src))
zydis_obj := $(patsubst %,$(B)/zydis/obj/%.o,Decoder DecoderData SharedData MetaInfo Mnemonic Register Segment Utils Zydis)

all: $(B)/rr $(B)/rr-engine

$(B)/rr: $(host_obj)
	$(CC) $(HOST_CFLAGS) $(LDFLAGS) $(STATIC) -o $@ $(host_obj) $(HOST_LIBS)
$(B)/rr-engine: $(engine_obj) $(zydis_obj) engine/engine.lds
	$(CC) $(ENGINE_LDFLAGS) -o $@ $(engine_obj) $(zydis_obj)
$(B)/zydis/.fetched: tools/zydis.sh
	tools/zydis.sh $(B)
	@touch $@
$(engine_obj) $(zydis_obj): $(B)/zydis/.fetched
$(B)/zydis/obj/%.o: $(B)/zydis/.fetched
	@mkdir -p $(@D)
	$(CC) $(ZYDIS_CFLAGS) -c -o $@ $(B)/zydis/src/$*.c
$(B)/engine/%.o: engine/%
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/host/%.o: host/%
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<
-include $(engine_obj:.o=.d) $(host_obj:.o=.d)

install: all
	install -D -m 755 $(B)/rr $(DESTDIR)$(PREFIX)/bin/rr
	install -D -m 755 $(B)/rr-engine $(DESTDIR)$(PREFIX)/lib/rr/rr-engine
	install -D -m 644 share/rr-dap.py $(DESTDIR)$(PREFIX)/share/rr/rr-dap.py
clean:
	rm -rf $(B)/engine $(B)/host $(B)/rr $(B)/rr-engine
-include tests/tests.mk bench/bench.mk
.PHONY: all install clean
