#!/bin/bash
# rr-test: needs=curl,/usr/bin/python3
# curl against a local python http.server, both recorded in one tree.
. "$TESTS/lib.sh"
mkdir -p in; seq 1 20000 > in/page; cat > in/go.sh <<'S'
/usr/bin/python3 -c '
import http.server, sys
class H(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
open("port.tmp", "w").write(str(s.server_address[1])); import os; os.rename("port.tmp", "port")
s.serve_forever()' & p=$!
while [ ! -e port ]; do sleep 0.02; done; port=$(cat port); rm port
curl -sS http://127.0.0.1:$port/page | md5sum; curl -s -o /dev/null -w '%{http_code} %{size_download}\n' http://127.0.0.1:$port/none; curl -sI http://127.0.0.1:$port/page | grep -i content-length
for i in 1 2 3; do curl -s http://127.0.0.1:$port/page & done | wc -l
kill $p; wait $p 2>/dev/null; echo "server $?"
curl -s http://127.0.0.1:1/ ; echo "refused $?"
S
same curl bash go.sh
