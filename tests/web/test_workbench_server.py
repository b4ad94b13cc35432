"""Who may ask the workbench, over its real interface."""

import warnings

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
with warnings.catch_warnings():
    # Starlette would like the client's successor, which is not out for every Python.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from tests.web.benches import bench_of
from trustscore.web.server import MOST_BODY, create_app, listen, new_token

HOST = "127.0.0.1:8123"
TOKEN = "the-token"
GOOD = {
    "host": HOST,
    "origin": f"http://{HOST}",
    "x-workbench-token": TOKEN,
    "content-type": "application/json",
    "sec-fetch-site": "same-origin",
}
MOVE = b'{"edits": {"tiers.ladder.standard.at": 70}, "serial": 1}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("saved")


@pytest.fixture(scope="module")
def client(folder):
    app = create_app(bench_of(folder, 60), TOKEN, 8123)
    with TestClient(app, base_url=f"http://{HOST}", raise_server_exceptions=False) as client:
        yield client


def post(client, path="/api/move", body=MOVE, **other):
    headers = {k: v for k, v in (GOOD | other).items() if v is not None}
    return client.post(path, content=body, headers=headers)


def test_the_page_may_ask(client):
    assert post(client).json()["size"] == 60
    assert post(client, host="localhost:8123", origin="http://localhost:8123").status_code == 200
    start = client.get("/api/start", headers={"x-workbench-token": TOKEN})
    assert start.json()["merchants"] == 60


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("host", "evil.example", 421),
        ("host", "127.0.0.1", 421),
        ("host", "127.0.0.1:8124", 421),
        ("host", "127.0.0.1:8123.evil.example", 421),
        ("host", "127.0.0.1:8123@evil.example", 421),
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "https://127.0.0.1:8123", 403),
        ("origin", "http://localhost:8123", 403),
        ("origin", "http://127.0.0.1:8124", 403),
        ("origin", None, 403),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "none", 403),
        ("x-workbench-token", None, 401),
        ("x-workbench-token", "", 401),
        ("x-workbench-token", TOKEN + "x", 401),
        ("x-workbench-token", TOKEN[:-1], 401),
        ("x-workbench-token", "\u00e9", 401),
        ("content-type", "text/plain", 415),
        ("content-type", "application/x-www-form-urlencoded", 415),
        ("content-type", None, 415),
        ("content-length", str(MOST_BODY + 1), 413),
        ("content-length", "9" * 5000, 413),
        ("content-length", "-1", 413),
    ],
)
@pytest.mark.parametrize("path", ["/api/move", "/api/save"])
def test_others_may_not(client, folder, header, value, code, path):
    given = value.encode("latin-1") if value is not None else None
    answer = post(client, path, **{header: given})
    assert answer.status_code == code
    assert answer.json()["summary"] and list(folder.iterdir()) == []


def test_a_header_given_twice_is_refused(client):
    twice = [*GOOD.items(), ("host", "evil.example")]
    assert client.post("/api/move", content=MOVE, headers=twice).status_code == 421


def test_a_body_without_a_length_is_cut_off(client):
    def body():
        for _ in range(2 * MOST_BODY // 1024):
            yield b" " * 1024

    assert post(client, body=body()).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{", b"\xff", b"{}", b'{"serial": -1}', b'{"serial": 1, "more": 1}'),
        *(b'{"serial": 1, "edits": {"tiers.ladder.standard.at": NaN}}',),
        *(b'{"serial": 1, "edits": {"tiers.ladder.standard.at": 1e999}}',),
        *(b'{"serial": 1, "edits": {"tiers.ladder.standard.at": "x"}}', b"[" * 100_000),
        *(b'{"serial": 1, "edits": {"__proto__": 1}}',),
    ],
    ids=lambda body: ascii(body[:60]),
)
def test_what_cannot_be_read_is_said(client, body):
    answer = post(client, body=body)
    assert answer.status_code in (400, 422)
    assert answer.json()["summary"]


def test_faults_reach_the_page_as_the_loader_says_them(client):
    body = b'{"serial": 1, "edits": {"signals.after_sales.complaint_rate.poor": 0}}'
    assert "must differ from good" in post(client, body=body).json()["faults"][0]


@pytest.mark.parametrize(
    "path", ["/api/start", "/docs", "/openapi.json", "/redoc", "/../pyproject.toml", "/x", "/api"]
)
def test_nothing_but_the_page_is_there_without_the_token(client, path):
    assert client.get(path).status_code == 401


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/static/app.js", "/api"])
def test_nothing_else_is_there_at_all(client, path):
    assert client.get(path, headers={"x-workbench-token": TOKEN}).status_code == 404


@pytest.mark.parametrize("path", ["/", "/app.js", "/draw.js", "/words.js", "/style.css"])
def test_every_answer_forbids_what_it_does_not_need(client, path):
    for answer in (client.get(path), client.get("/api/none"), post(client)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert "set-cookie" not in answer.headers
    assert client.get(path, headers={"host": "evil.example"}).status_code == 421
    assert client.get(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.request("PUT", path).status_code == 405
    assert client.options(path).status_code == 405


def test_the_page_holds_no_script_of_its_own(client):
    page = client.get("/").text
    assert "<script>" not in page and "style=" not in page and "onclick" not in page
    assert "http://" not in page and "https://" not in page
    for path in ("/app.js", "/draw.js"):
        text = client.get(path).text
        assert not [word for word in ("innerHTML", "eval(", "insertAdjacent") if word in text]


def test_what_came_too_late_is_no_error(client):
    assert post(client, body=b'{"serial": 9}').status_code == 200
    late = post(client)
    assert late.status_code == 200 and late.json() == {"superseded": True}


def test_save_over_http(client, folder):
    edits = '{"edits": {"tiers.ladder.standard.at": 65}, "name": "n.toml", "version": "2.0.0"'
    shown = post(client, "/api/preview", (edits + "}").encode()).json()
    assert "+at = 65" in shown["diff"] and list(folder.iterdir()) == []
    saved = post(client, "/api/save", (edits + ', "replaces": ""}').encode())
    assert saved.json()["path"] == str(folder / "n.toml")
    again = post(client, "/api/save", (edits + ', "replaces": ""}').encode())
    assert again.status_code == 422 and "exists already" in again.json()["summary"]
    (folder / "n.toml").unlink()


def test_it_listens_to_this_machine_only():
    with listen(0) as held:
        assert held.getsockname()[0] == "127.0.0.1"
    assert len(new_token()) >= 40 and new_token() != new_token()
