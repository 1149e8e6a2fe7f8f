#!/bin/bash
# rr-test: needs=git timeout=180
# git: init, add, commit, log, branch, merge, diff, gc, clone, fsck.
. "$TESTS/lib.sh"
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
mkdir -p in; for i in $(seq 20); do seq $i 50 > in/f$i; done
cat > in/go.sh <<'S'
set -e
git -c init.defaultBranch=main init -q .; git add f*; git commit -q -m first; git log --oneline; echo more >> f1; git diff --stat; git commit -q -a -m second
git checkout -q -b side HEAD~1; echo side > g; git add g; git commit -q -m side; git checkout -q main; git merge -q -m merged side; git log --graph --oneline; git show --stat HEAD~1 | head -20
git gc -q; git fsck; git clone -q . ../clone.$$; git -C ../clone.$$ rev-parse HEAD; rm -rf ../clone.$$; git status --short; git grep -n 49 | head -3; git blame f1 | tail -2; git stash list; git count-objects
S
LOOSE= same git bash -c 'bash go.sh && rm -rf .git'
