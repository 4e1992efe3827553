#!/usr/bin/env python3
"""A small OpenStack for tests: Keystone v3, Neutron and Nova, paged, with tokens.

openstack.py READY_FILE: writes its port to READY_FILE, answers until it is killed.
What it is asked stands, a line each, in READY_FILE.log.
"""
import http.server
import json
import sys
import urllib.parse

ready = sys.argv[1]
log = open(ready + ".log", "a", buffering=1)
TOKEN = "t0k3n-S3cr3t"
NETWORKS = [{"id": "net-%03d" % i, "name": "n%d" % i, "shared": False, "mtu": 1450, "tags": None}
            for i in range(1201)]
COLLECTIONS = {
    "networks": NETWORKS,
    "subnets": [], "ports": [{"id": "port-1", "binding:profile": {}}],
    "routers": [{"id": "r1"}], "floatingips": [{"id": "f1"}],
    "security-groups": [], "security-group-rules": [], "extensions": [],
}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(length))
        log.write("POST %s %s\n" % (self.path, json.dumps(body, sort_keys=True)))
        identity = body["auth"]["identity"]
        user = identity.get("password", {}).get("user", {})
        if self.path != "/identity/v3/auth/tokens" or user.get("password") != "pa55-S3cr3t":
            return self.answer(401, {"error": {"message": "no pa55-S3cr3t"}})
        host = "http://127.0.0.1:%d" % self.server.server_port

        def service(kind, path):
            return {"type": kind, "endpoints": [
                {"interface": "public", "region_id": "far", "region": "far", "url": "http://127.0.0.1:1/"},
                {"interface": "public", "region_id": "here", "region": "here", "url": host + path}]}
        token = {"token": {"catalog": [service("network", "/network"),
                                       service("compute", "/compute/v2.1"),
                                       service("identity", "/identity")]}}
        self.answer(201, token, [("X-Subject-Token", TOKEN)])

    def do_GET(self):
        log.write("GET %s\n" % self.path)
        if self.headers["X-Auth-Token"] != TOKEN:
            return self.answer(401, {})
        url = urllib.parse.urlparse(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.strip("/").split("/")
        if parts[:2] == ["network", "v2.0"]:
            return self.network(parts[2:], query)
        if url.path == "/compute/v2.1/servers/detail":
            return self.answer(200, {"servers": [{
                "id": "s1", "name": "web", "status": "ACTIVE", "tenant_id": "p1",
                "OS-EXT-SRV-ATTR:host": "cmp1", "user_data": "S3cr3t", "key_name": "k"}]})
        if url.path == "/identity/v3/projects":
            return self.answer(200, {"projects": [{"id": "p1", "name": "tenant", "links": {}}]})
        self.answer(404, {})

    def network(self, parts, query):
        if parts == ["agents"]:
            return self.answer(403, {"NeutronError": "no"})
        if len(parts) == 3:
            if parts[0] == "floatingips":
                return self.answer(404, {})
            return self.answer(200, {"agents": [{"id": "a1", "host": "net1"}]})
        if len(parts) != 1 or parts[0] not in COLLECTIONS:
            return self.answer(404, {})
        items = COLLECTIONS[parts[0]]
        start = 0
        if "marker" in query:
            start = [item["id"] for item in items].index(query["marker"]) + 1
        size = int(query.get("limit", 10**9))
        key = parts[0].replace("-", "_")
        body = {key: items[start:start + size]}
        if start + size < len(items):
            body[key + "_links"] = [{"rel": "next", "href": "http://behind.proxy:1/?marker=x"}]
        self.answer(200, body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(ready + ".new", "w") as f:
    f.write(str(server.server_port))
import os
os.rename(ready + ".new", ready)
server.serve_forever()
