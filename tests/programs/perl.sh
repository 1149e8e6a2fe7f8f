#!/bin/bash
# rr-test: needs=perl
# perl: regular expressions, sort, fork, pipes, signals, eval, sprintf, local time, files.
. "$TESTS/lib.sh"
mkdir -p in; cat > in/p.pl <<'P'
use strict; use warnings; use POSIX (); $| = 1;
my %h; for my $i (1 .. 20000) { $h{"k" . ($i * 7919 % 1009)} += $i } my $s = 0; $s += $h{$_} * length($_) for sort keys %h; print "$s\n";
my $t = join " ", map { "user$_ <a$_\@ex" . ($_ % 7) . ".org>" } 1 .. 500; my ($n, $m) = (0, 0); while ($t =~ /(\w+) <([^@>]+)@(\w+)\.org>/g) { $n++; $m++ if $2 =~ /^a\d*7$/ } print "$n $m\n";
pipe(my $r, my $w); my $pid = fork; if (!$pid) { close $r; print $w "from child $_\n" for 1 .. 5; close $w; exit 3 } close $w; print while <$r>; waitpid $pid, 0; print $? >> 8, "\n";
my $got = 0; local $SIG{ALRM} = sub { $got++ }; POSIX::pause() if POSIX::alarm(1) || 1; print "alarm $got\n";
eval { die { code => 42 } }; print $@->{code}, "\n"; print `echo backticks`; open my $f, '>', 'out' or die; printf $f "%05d %s\n", $_, scalar reverse $_ for 1 .. 1000; close $f; print -s 'out', "\n";
my @a = sort { $a <=> $b } map { $_ * 31 % 101 } 1 .. 100; print "@a[0..9]\n"; print pack("A3 n C", "abc", 258, 65) eq "abc\x01\x02A" ? "ok\n" : "no\n"; exit 9;
P
same perl perl p.pl
same one perl -ne 'print if /5/' p.pl
