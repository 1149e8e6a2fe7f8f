# make bench                      the table of ratios (about fifteen minutes)
# make bench BENCH="gzip python"  some of it
# make bench-reverse              debugger-side timings
bench: all
	BENCH="$(BENCH)" D=$(B)/bench bench/run $(B)/rr
bench-reverse: all
	D=$(B)/bench bench/reverse.sh $(B)/rr
.PHONY: bench bench-reverse
