"""The server of `minigan play` through real sockets: what it hands out, and whom it refuses."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from functools import partial
from pathlib import Path

import pytest

import minigan.play.server
from minigan import InputError, cli
from minigan.commands import play as command
from minigan.play.page import FILES, FOLDER, about
from minigan.play.server import MOST_BYTES
from minigan.play.settings import Settings

NAME = "a-random-name"
BEGIN = {"game": NAME, "settings": {}}
ADVANCE = {**BEGIN, "rounds": 1}


@pytest.fixture(scope="module")
def server():
    with minigan.play.server.start() as server:
        yield server


def port_of(server):
    return int(server.url.rsplit(":", 1)[1].strip("/"))


def ask(server, method, path, body=None, **headers):
    """Send a request as the page would, but for these headers (None leaves one out); return (status, headers, body)."""
    own = server.url.rstrip("/")
    usual = {"Host": own.removeprefix("http://")}
    if method == "POST":
        usual |= {"Origin": own, "Content-Type": "application/json"}
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    if content is not None:
        usual["Content-Length"] = str(len(content))
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    text = "".join(f"{key}: {value}\r\n" for key, value in {**usual, **named}.items() if value is not None)
    return exchange(server, f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode() + (content or b""))


def exchange(server, sent):
    """Send bytes and read the answer."""
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=20) as connection:
        connection.sendall(sent)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read().decode()


# what it hands out


def test_the_page_and_its_files(server):
    for path in FILES:
        status, headers, text = ask(server, "GET", path)
        assert status == 200
        kind = {"/": "text/html", "css": "text/css", "js": "text/javascript"}[path.split(".")[-1]]
        assert headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert text
    _, _, page = ask(server, "GET", "/")
    assert json.loads(re.search(r'id="facts">(.*?)</script>', page)[1]) == about(Settings())
    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) == {"data:,", *(path[1:] for path in FILES if path != "/")}


def test_a_game_is_played(server):
    status, headers, text = ask(server, "POST", "/reset", BEGIN)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(text)["round"] == 0
    for reached in (2, 4):
        status, _, text = ask(server, "POST", "/advance", {**BEGIN, "rounds": 2})
        assert (status, json.loads(text)["round"]) == (200, reached)


def test_localhost_is_the_same_server(server):
    host = f"localhost:{port_of(server)}"
    assert ask(server, "GET", "/", Host=host)[0] == 200
    assert ask(server, "POST", "/reset", BEGIN, Host=host, Origin=f"http://{host}")[0] == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/reset"), ("GET", "/no"), ("PUT", "/")])
def test_every_answer_has_the_policy(server, method, path):
    _, headers, _ = ask(server, method, path, BEGIN if method == "POST" else None)
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy.split("; ")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] is None
    assert "Python" not in headers["Server"]


def test_a_notebook_may_show_it_in_a_frame():
    with minigan.play.server.start(frames=True) as server:
        _, headers, _ = ask(server, "GET", "/")
        assert headers["Content-Security-Policy"].endswith("frame-ancestors http://localhost:* http://127.0.0.1:*")
        assert ask(server, "POST", "/reset", BEGIN, Origin="http://localhost:8888")[0] == 403  # it may not play


def test_two_requests_at_once_are_served_in_turn(server):
    ask(server, "POST", "/reset", BEGIN)
    rounds = []

    def play():
        rounds.append(json.loads(ask(server, "POST", "/advance", {**BEGIN, "rounds": 5})[2])["round"])

    threads = [threading.Thread(target=play) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rounds) == [5, 10, 15, 20, 25, 30]


# whom it refuses


@pytest.mark.parametrize("host", ["evil.example", "evil.com:{}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil:{}", ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_host(server, method, host):
    """DNS rebinding: a stranger's name leads to this address, and the browser takes both for one origin."""
    host = host.format(port_of(server))
    body = BEGIN if method == "POST" else None
    status, _, text = ask(server, method, "/reset" if body else "/", body, Host=host, Origin=f"http://{host}")
    assert status == 403
    assert text.startswith(f"Host: expected 127.0.0.1:{port_of(server)}, got ")


def test_no_host_or_two(server):
    assert ask(server, "GET", "/", Host=None)[0] == 403
    own = f"127.0.0.1:{port_of(server)}"
    assert exchange(server, f"GET / HTTP/1.1\r\nHost: {own}\r\nHost: evil.example\r\n\r\n".encode())[0] == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.com", "null", "https://{}", "http://localhost:8888", "http://{}.evil", "http://{}/", None],
)
def test_another_origin(server, origin):
    own = f"127.0.0.1:{port_of(server)}"
    origin = origin and origin.format(own)
    status, _, text = ask(server, "POST", "/reset", BEGIN, Origin=origin)
    assert status == 403
    assert text == f"Origin: expected http://{own}, got {repr(origin) if origin else 'none'}\n"
    assert ask(server, "GET", "/", Origin=origin)[0] == (403 if origin else 200)


def test_the_other_name_of_the_server_is_another_origin(server):
    assert ask(server, "POST", "/reset", BEGIN, Origin=f"http://localhost:{port_of(server)}")[0] == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_what_a_form_could_send(server, kind):
    status, _, text = ask(server, "POST", "/reset", BEGIN, Content_Type=kind)
    assert status == 415
    assert text.startswith("Content-Type: expected application/json, got ")


@pytest.mark.parametrize("path", ["/no", "/page.html", "/../play.py", "/%2e%2e/play.py", "/play.js/", "/?x=1"])
def test_unknown_paths(server, path):
    status, _, text = ask(server, "GET", path)
    assert (status, text) == (404, f"path: expected /, got {path!r}\n")


def test_an_address_as_path(server):
    assert ask(server, "GET", "http://evil.example/")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "expected"), [("GET", "/advance", "POST"), ("GET", "/reset", "POST"), ("POST", "/", "GET")]
)
def test_other_methods(server, method, path, expected):
    status, _, text = ask(server, method, path, BEGIN if method == "POST" else None)
    assert (status, text) == (405, f"method: expected {expected}, got {method}\n")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_methods_that_nothing_has(server, method):
    assert ask(server, method, "/", Origin=f"http://127.0.0.1:{port_of(server)}")[0] == 405
    assert ask(server, method, "/advance", Origin="http://evil.example")[0] == 403  # also what asks for permission


@pytest.mark.parametrize("length", [str(MOST_BYTES + 1), "9" * 18])
def test_a_body_that_is_too_large(server, length):
    status, _, text = ask(server, "POST", "/advance", b"x" * 10, Content_Length=length)
    assert (status, text) == (413, f"Content-Length: expected at most {MOST_BYTES}, got {length}\n")


@pytest.mark.parametrize("headers", [{"Content_Length": each} for each in (None, "-1", "x", "1e3", "9" * 19)])
def test_no_length(server, headers):
    assert ask(server, "POST", "/advance", b"{}", **headers)[0] == 411


def test_chunks(server):
    assert ask(server, "POST", "/advance", b"0\r\n\r\n", Transfer_Encoding="chunked")[0] == 411


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "body: expected JSON, got something else"),
        (b"{", "body: expected JSON"),
        (b"\xff\xfe", "body: expected JSON"),
        (b"[" * 100_000, "body: expected JSON"),
        (b'{"rounds": ' + b"1" * 5000 + b"}", "body: expected JSON"),
        (b"[]", "request: expected an object with game, rounds, settings, got []"),
        ({**ADVANCE, "rounds": -1}, "rounds: expected an integer from 0 to 200, got -1"),
        ({**ADVANCE, "settings": {"objective": "<script>"}}, "objective: expected one of "),
        ({**ADVANCE, "settings": {"generator_learning_rate": float("nan")}}, "generator_learning_rate: expected"),
        ({**ADVANCE, "game": "never-begun"}, "game: expected one of the last 8"),
        ({**ADVANCE, "points": [[9, 9]]}, "points: expected 1 to 4000 pairs"),
    ],
)
def test_bad_input_is_one_sentence(server, body, said):
    status, headers, text = ask(server, "POST", "/advance", body)
    assert status == 400
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert text.startswith(said)
    assert text.count("\n") == 1


@pytest.mark.parametrize("sent", [b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"BREW / HTTP/1.1\r\n\r\n"])
def test_what_is_no_request(server, sent, capfd):
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b"request: expected HTTP, got something else" in connection.makefile("rb").read()
    assert capfd.readouterr() == ("", "")


def test_a_client_that_goes_away(server, capfd):
    connection = socket.create_connection(("127.0.0.1", port_of(server)))
    connection.sendall(b"POST /advance HTTP/1.1\r\nHost: ")
    connection.close()
    assert ask(server, "GET", "/")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_it_is_seen_from_this_computer_alone(server):
    listener = server._listener
    assert listener.server_address[0] == "127.0.0.1"
    assert listener.server_port == port_of(server)


# start and end


def test_a_closed_server_answers_nothing():
    server = minigan.play.server.start()
    assert repr(server) == f"Server({server.url!r})"
    server.close()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port_of(server)))
    with minigan.play.server.start(port_of(server)) as again:  # the port is free at once
        assert again.url == server.url


def test_arguments_that_do_not_fit(server):
    for bad, said in (
        ({"port": port_of(server)}, "port: expected one that is free, got .*, which another program uses"),
        ({"port": 80}, "port: expected an integer from 1024 to 65535, got 80"),
        ({"port": 2**16}, "port: expected an integer from"),
        ({"frames": 1}, "frames: expected True or False, got 1"),
        ({"datum": "ring"}, "settings: expected names out of data"),
        ({"data": "mnist"}, "data: expected one of ring, grid, drawn, got 'mnist'"),
    ):
        with pytest.raises(InputError, match=said):
            minigan.play.server.start(**bad)


def test_the_page_begins_with_these_settings():
    with minigan.play.server.start(data="grid", objective="hinge", seed=7) as server:
        page = ask(server, "GET", "/")[2]
    found = json.loads(re.search(r'id="facts">(.*?)</script>', page)[1])["settings"]
    assert (found["data"], found["objective"], found["seed"]) == ("grid", "hinge", 7)


def test_every_file_of_the_folder_is_handed_out():
    """Each is short, and each identifier that the scripts ask for stands in the page."""
    names = {path.name for path in FOLDER.iterdir() if path.suffix in (".js", ".css", ".html")}
    assert names <= {path.name for path in FILES.values()}
    texts = {path.name: path.read_text(encoding="utf-8") for path in FILES.values()}
    assert all(len(text.splitlines()) <= 250 for text in texts.values())
    asked = {each for name in names for each in re.findall(r'byId\("([\w-]+)"\)', texts[name])}
    assert asked | set(about(Settings())["settings"]) <= set(re.findall(r'id="([\w-]+)"', texts["page.html"]))
    assert " style=" not in texts["page.html"]  # the policy allows no style in the page
    assert " onclick" not in texts["page.html"]


# the command


def run(*argv):
    try:
        return cli.main(["play", *argv])
    except SystemExit as stop:
        return stop.code


def test_the_command_opens_the_page(monkeypatch, capsys):
    opened = []

    def sleep(seconds):
        assert urllib.request.urlopen(opened[0]).status == 200
        raise KeyboardInterrupt

    monkeypatch.setattr(command.webbrowser, "open", opened.append)
    monkeypatch.setattr(command.time, "sleep", sleep)
    assert run("--data", "grid") == 130
    printed = capsys.readouterr()
    assert printed.out == f"{opened[0]}  open it in a browser on this computer; Ctrl-C ends it\n"
    assert printed.err == "minigan play: interrupted\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--port", "80"), "argument --port: expected an integer from 1024 to 65535, got 80"),
        (("--port", "x"), "argument --port: invalid port value: 'x'"),
        (("--data", "mnist"), "argument --data: expected one of ring, grid, drawn, got 'mnist'"),
        (("--seed", "-1"), "argument --seed: expected an integer of at least 0, got -1"),
    ],
)
def test_a_bad_command_line(argv, said, capsys):
    assert run(*argv) == 2
    assert capsys.readouterr().err.startswith(f"minigan play: {said}")


def test_a_port_in_use(server, capsys):
    assert run("--no-browser", "--port", str(port_of(server))) == 2
    said = f"minigan play: port: expected one that is free, got {port_of(server)}, which another program uses\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal as a terminal does")
def test_ctrl_c_ends_it():
    argv = [sys.executable, "-m", "minigan", "play", "--no-browser"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # in the background of a shell it is ignored
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, **pipes, cwd=Path(__file__).parents[1], preexec_fn=heard) as process:
        url = process.stdout.readline().split()[0]
        assert urllib.request.urlopen(url).status == 200
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert error == "minigan play: interrupted\n"
