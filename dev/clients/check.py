"""Ask a running server with yt-dlp and youtube-dl, unmodified, and compare what they extract with EXPECT.json.

Their only setting is a proxy, started here. It ends their TLS, hands requests for the middleware to the server,
and answers every other host, thus all assets, with stub media of its own.
"""
import http.client
import http.server
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
from urllib.parse import urlsplit

import youtube_dl
import yt_dlp

MIDDLEWARE = "pc.middleware.6play.fr"
HOST_AT_SERVER = "pc.middleware.localhost"
CLIENTS = {"yt-dlp": yt_dlp, "youtube-dl": youtube_dl}

MP4 = bytes.fromhex("00000018667479706d703432000000006d70343269736f6d0000000866726565")
MASTER = b"""#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS="avc1.42c01e,mp4a.40.2"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1600000,RESOLUTION=1280x720,CODECS="avc1.64001f,mp4a.40.2"
high.m3u8
"""
VARIANT = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nsegment.ts\n#EXT-X-ENDLIST\n"


def asset(path):
    """Status, headers and body of the stub media at PATH."""
    name = path.split("?")[0]
    if "/hls/" in name and name.endswith("/Manifest.m3u8"):
        return 302, {"Location": name.replace("/hls/", "/final/", 1)}, b""
    if name.endswith(("/low.m3u8", "/high.m3u8")):
        return 200, {"Content-Type": "application/vnd.apple.mpegurl"}, VARIANT
    if name.endswith(".m3u8"):
        return 200, {"Content-Type": "application/vnd.apple.mpegurl"}, MASTER
    if "/mp4/" in name or name.endswith(".mp4"):
        return 200, {"Content-Type": "video/mp4"}, MP4
    return 404, {"Content-Type": "text/plain"}, b"no such asset\n"


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    host = None  # of the tunnel

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self.host = self.path.rpartition(":")[0]
        self.close_connection = False

    def do_GET(self):
        url = urlsplit(self.path)
        host = self.host or url.hostname
        path = url._replace(scheme="", netloc="").geturl()
        self.server.seen.append(f"{host} {path}")
        try:
            status, headers, body = self.ask_server(path) if host == MIDDLEWARE else asset(path)
        except OSError as error:
            status, headers, body = 502, {}, f"{error}\n".encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def ask_server(self, path):
        base = self.server.base
        kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
        server = kind(base.hostname, base.port, timeout=20)
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith(("host", "proxy-", "connection"))}
        server.request(self.command, base.path.rstrip("/") + path, headers=headers | {"Host": HOST_AT_SERVER, "Connection": "close"})
        answer = server.getresponse()
        drop = ("content-length", "transfer-encoding", "connection", "date", "server")
        return answer.status, {n: v for n, v in answer.getheaders() if n.lower() not in drop}, answer.read()

    def log_message(self, *_):
        pass


def start_proxy(base):
    with tempfile.TemporaryDirectory() as folder:
        cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test proxy", "-out", cert, "-keyout", key],
                       check=True, stderr=subprocess.DEVNULL)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    proxy.base, proxy.tls, proxy.seen = urlsplit(base), tls, []
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    return proxy


class Quiet:
    def debug(self, _):
        pass

    info = warning = error = debug


def kind(fmt):
    name = fmt["format_id"]
    return name.split("-")[0] if name.startswith(("hls", "dash")) else fmt["ext"]


def problems(client, proxy, case, asset_host):
    """What CLIENT makes of CASE, as far as it is not what it should be."""
    options = {"proxy": f"http://127.0.0.1:{proxy.server_port}", "nocheckcertificate": True, "logger": Quiet(), "quiet": True,
               "cachedir": False, "socket_timeout": 20}
    expect = case["expect"]
    with client.YoutubeDL(options) as ydl:
        try:
            info = ydl.extract_info(case.get("url", f"6play:{case['id']}"), download=False)
        except client.utils.DownloadError as error:
            wanted = {"formats": [], "no-formats": ["No video formats found"]}.get(expect, ["Unable to download JSON metadata", f"HTTP Error {expect}"])
            if not wanted or any(text not in str(error) for text in wanted):
                yield f"error instead of {expect}: {error}"
            return
        if expect != "formats":
            yield f"formats instead of {expect}: {[f['url'] for f in info['formats']]}"
            return
        for field in ("title", "series", "duration", "description"):
            if field in case and info.get(field) != case[field]:
                yield f"{field} is {info.get(field)!r}, not {case[field]!r}"
        kinds = {kind(f) for f in info["formats"]}
        if kinds != set(case["formats"]):
            yield f"formats are {sorted(kinds)}, not {sorted(case['formats'])}"
        for fmt in info["formats"]:
            if asset_host and urlsplit(fmt["url"]).hostname != asset_host:
                yield f"format is not at {asset_host}: {fmt['url']}"
            start = ydl.urlopen(fmt["url"]).read(8)
            if start != (b"#EXTM3U\n" if kind(fmt) == "hls" else MP4[:8]):
                yield f"{fmt['url']} answers {start!r}"
        if "hls" in kinds and sum(kind(f) == "hls" for f in info["formats"]) < 2:
            yield "the master playlist has two variants, the client found fewer"


def main():
    base, expect_file = sys.argv[1:]
    with open(expect_file, encoding="utf-8") as file:
        expect = json.load(file)
    if isinstance(expect, list):
        expect = {"cases": expect}
    asset_host = urlsplit(expect.get("asset_base", "")).hostname
    for name in ("no_proxy", "NO_PROXY"):  # would lead a client past the proxy
        os.environ.pop(name, None)
    proxy = start_proxy(base)
    passed = failed = 0
    for case in expect["cases"]:
        for name, client in CLIENTS.items():
            proxy.seen.clear()
            try:
                found = list(problems(client, proxy, case, asset_host))
            except Exception as error:  # one client's surprise must not hide the other cases
                found = [repr(error)]
            passed, failed = passed + (not found), failed + bool(found)
            for problem in found:
                print(f"FAILED {name} {case['id']}: {problem}")
            if found:
                print(*(f"    asked {request}" for request in proxy.seen), sep="\n")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
