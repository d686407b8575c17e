# SPDX-License-Identifier: Apache-2.0
"""Threads: one for each request, and some that count beside them."""

import http.server
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"python %d\n" % sum(range(100000)))


def count():
    while True:
        sum(range(1000))
        time.sleep(0.01)


for _ in range(8):
    threading.Thread(target=count, daemon=True).start()
http.server.ThreadingHTTPServer(("", 80), Handler).serve_forever()
