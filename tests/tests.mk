# The rules of the tests. tests/run is the runner; every test is a file that it finds (tests/run --help).
#   make check-quick   every test once, recorded and replayed (a minute or two)
#   make check         all tests in all modes (minutes)
#   make check-all     the long ones too
TEST_ARGS ?=
check-quick: all
	tests/run --build $(B) --level quick $(TEST_ARGS)
check: all
	tests/run --build $(B) --level check $(TEST_ARGS)
check-all: all
	tests/run --build $(B) --level all $(TEST_ARGS)
-include tests/unit/unit.mk

# lint: everything once more with clang, warnings as errors, and the house's include rules.
lint: $(B)/zydis/.fetched
	@mkdir -p $(B)/lint && ln -sfn ../zydis $(B)/lint/zydis
	$(MAKE) -s B=$(B)/lint CC=clang ENGINE_CFLAGS="$(filter-out -fno-tree-loop-distribute-patterns,$(ENGINE_CFLAGS)) -Qunused-arguments" lint-objects
	tools/check_includes.sh
	$(if $(wildcard $(B)/rr-engine),tools/check_engine.sh $(B)/rr-engine)
lint-objects: $(B)/zydis/.fetched $(engine_obj) $(host_obj)
format:
	clang-format -i $(wildcard abi/*.h engine/*.[ch] engine/*/*.[ch] host/*.[ch] tests/*/*.[ch] bench/src/*.[ch])
demo: all
	tools/demo.sh
.PHONY: check check-quick check-all lint lint-objects format demo
