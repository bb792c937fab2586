"""Servers of nginx as proxies: where they listen, and where each location leads."""

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Proxy, ProxyRoute, Upstream
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.readers import declare


def proxies(files: dict[str, str]) -> list[Proxy]:
    held = {path: text.encode() for path, text in files.items()}
    return [fact for fact in declare(Repository(held, held.__getitem__))[0] if isinstance(fact, Proxy)]


def routes(body: str, path: str = "nginx/default.conf") -> list[ProxyRoute]:
    (proxy,) = proxies({path: f"server {{\n{body}\n}}\n"})
    return list(proxy.routes)


def target(body: str) -> Upstream:
    (one,) = [upstream for route in routes(body) for upstream in route.upstreams]
    return one


def number(value: object) -> object:
    if isinstance(value, EnvDriven):
        return f"${value.name}"
    return value.value if isinstance(value, Known) else "unknown" if isinstance(value, Unknown) else None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://web:8000", ("http", "web", 8000, "", None)),
        ("http://web:8000/", ("http", "web", 8000, "", "/")),
        ("http://web/api/", ("http", "web", None, "", "/api/")),
        ("https://WEB", ("https", "web", None, "", None)),
        ("http://[::1]:80", ("http", "[::1]", 80, "", None)),
        ("http://unix:/run/app.sock", ("http", None, None, "/run/app.sock", None)),
        ("http://unix:/run/app.sock:/x/", ("http", None, None, "/run/app.sock", "/x/")),
        ("http://$upstream:80", ("http", None, None, "", None)),
        ("http://web:${PORT}", ("http", "web", "unknown", "", None)),
        ("http://web:8000/$uri", ("http", "web", 8000, "", "/$uri")),
    ],
)
def test_a_location_passes_on_to_an_address(written: str, expected: tuple[object, ...]) -> None:
    one = target(f"location / {{ proxy_pass {written}; }}")
    assert (one.protocol, one.host, number(one.port), one.socket, one.path) == expected
    assert one.span.text == written


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("uwsgi_pass web:3031", ("uwsgi", "web", 3031, "")),
        ("uwsgi_pass unix:/run/a.sock", ("uwsgi", None, None, "/run/a.sock")),
        ("fastcgi_pass web:9000", ("fastcgi", "web", 9000, "")),
        ("grpc_pass grpc://web:50051", ("grpc", "web", 50051, "")),
    ],
)
def test_other_protocols_are_known(written: str, expected: tuple[object, ...]) -> None:
    one = target(f"location / {{ {written}; }}")
    assert (one.protocol, one.host, number(one.port), one.socket) == expected


def test_an_upstream_is_the_servers_of_its_block_in_any_file_nearby() -> None:
    files = {
        "nginx/nginx.conf": "http { upstream app { server a:1; server unix:/b.sock; } include conf.d/*.conf; }",
        "nginx/conf.d/site.conf": "server { location / { proxy_pass http://app/x; } }",
    }
    (proxy,) = proxies(files)
    found = proxy.routes[0].upstreams
    assert [(one.host, number(one.port), one.socket, one.path) for one in found] == [
        ("a", 1, "", "/x"),
        (None, None, "/b.sock", "/x"),
    ]
    assert str(found[0].span) == "nginx/nginx.conf:1"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("80", ("", 80, "", False, False)),
        ("443 ssl http2 default_server", ("", 443, "", True, True)),
        ("[::]:80 ipv6only=on", ("[::]", 80, "", False, False)),
        ("127.0.0.1:8080", ("127.0.0.1", 8080, "", False, False)),
        ("localhost", ("localhost", 80, "", False, False)),
        ("[::1]", ("[::1]", 80, "", False, False)),
        ("unix:/run/x.sock", ("", None, "/run/x.sock", False, False)),
        ("${PORT}", ("", "$PORT", "", False, False)),
        ("[::]:$PORT ssl", ("[::]", "$PORT", "", True, False)),
        ("80${SUFFIX}", ("", "unknown", "", False, False)),
    ],
)
def test_where_a_server_listens(written: str, expected: tuple[object, ...]) -> None:
    (proxy,) = proxies({"nginx.conf": f"server {{ listen {written}; server_name a b _; }}"})
    (one,) = proxy.listens
    assert (one.address, number(one.port), one.socket, one.tls, one.is_default) == expected
    assert proxy.names == ("a", "b")


def test_a_server_that_sends_its_names_elsewhere_serves_none_of_its_locations() -> None:
    sent = "if ($host = www.a.b) { return 301 https://$host$request_uri; }\n"
    rest = "listen 80;\nserver_name www.a.b a.b;\nreturn 404;\nlocation / { proxy_pass http://web; }\n"
    both = sent + sent.replace("www.a.b", '"a.b"')
    assert [(one.path, one.answer) for one in routes(both + rest)] == [("/", "301 https://$host$request_uri")]
    # One of them is served, or the answer is no redirect.
    assert any(one.upstreams for one in routes(sent + rest))
    assert any(one.upstreams for one in routes(both.replace("301", "403") + rest))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("listen 80; listen 443 ssl; if ($scheme = http) { return 301 https://$host$request_uri; }", [True, False]),
        ('listen 80; listen 443 ssl; if ($scheme != "https") { return 301 https://a.b; }', [True, False]),
        ("listen 80; listen 443 ssl; if ($scheme = https) { return 301 http://a.b; }", [False, False]),
        ("listen 80; if ($scheme = http) { return 403; }", [False]),
    ],
)
def test_a_plain_port_may_only_lead_to_the_encrypted_one(body: str, expected: list[bool]) -> None:
    (proxy,) = proxies({"nginx/default.conf": f"server {{ {body} location / {{ proxy_pass http://web; }} }}"})
    assert [one.redirects for one in proxy.listens] == expected


def test_the_old_switch_encrypts_every_port_of_a_server() -> None:
    (proxy,) = proxies({"nginx/default.conf": "server { listen 443; ssl on; location / { proxy_pass http://web; } }"})
    assert [one.tls for one in proxy.listens] == [True]


def test_locations_with_their_modifiers_files_and_fallbacks() -> None:
    found = routes(
        "root /srv/www;\n"
        "location = /up { return 200; }\n"
        "location ^~ /static/ { alias /srv/static/; }\n"
        "location ~ \\.jpg$ { root /srv/media; }\n"
        "location / { try_files $uri @app; }\n"
        "location @app { proxy_pass http://web:8000; }\n"
        "location /a/ { location /a/b/ { proxy_pass http://inner:1; } }\n"
        "location /if { if ($x) { proxy_pass http://branch:2; } }\n"
    )
    assert [(one.modifier, one.path, one.folder, [each.host for each in one.upstreams]) for one in found] == [
        ("=", "/up", None, []),
        ("^~", "/static/", "/srv/static/", []),
        ("~", "\\.jpg$", "/srv/media", []),
        ("", "/", "/srv/www", ["web"]),
        ("", "@app", None, ["web"]),
        ("", "/a/", "/srv/www", []),
        ("", "/a/b/", None, ["inner"]),
        ("", "/if", None, ["branch"]),
    ]
    assert found[1].span.text == "location ^~ /static/"


def test_files_that_a_location_includes_are_followed() -> None:
    files = {
        "nginx/default.conf": "server {\n  location / { include conf.d/app.inc; include uwsgi_params; }\n"
        "  include /etc/nginx/conf.d/locations;\n}\n",
        "nginx/conf.d/app.inc": "uwsgi_pass web:3031;\n",
        "nginx/locations": "location /flower/ { proxy_pass http://flower:8888; }\n",
    }
    (proxy,) = proxies(files)
    assert [(one.path, [each.host for each in one.upstreams]) for one in proxy.routes] == [
        ("/", ["web"]),
        ("/flower/", ["flower"]),
    ]
    assert proxy.complete


def test_an_include_that_is_not_here_leaves_the_server_open() -> None:
    (proxy,) = proxies({"nginx/default.conf": "server { location / { include /run/secret/pass; } }"})
    assert not proxy.complete


def test_a_server_that_only_includes_what_is_not_here_tells_that() -> None:
    [route] = routes("listen 80; include http_locations.conf;")
    assert (route.path, route.unread) == ("/", "it includes http_locations.conf, which is not in this repository")
    for other in ("mime.types", "/srv/nginx/logging.conf"):
        assert routes(f"listen 80; include {other};") == []
    assert [one.unread for one in routes("include other.conf; location / { proxy_pass http://web; }")] == [""]


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("nginx/default.conf", None),
        ("deploy/nginx/sites-available/shop", Environment.PRODUCTION),
        ("nginx/dev.conf", Environment.DEVELOPMENT),
        ("nginx/templates/default.conf.template", None),
        ("nginx/local.conf.template", Environment.DEVELOPMENT),
    ],
)
def test_the_path_says_where_it_is_used(path: str, environment: Environment | None) -> None:
    (proxy,) = proxies({path: "server { listen 80; }"})
    assert proxy.environment is environment


def test_what_stands_in_front_of_a_fault_is_read() -> None:
    (proxy,) = proxies({"nginx.conf": "server { listen 80; }\nserver { listen 81;\n"})
    assert number(proxy.listens[0].port) == 80


@pytest.mark.parametrize(
    "files",
    [
        {"nginx/nginx.conf.j2": "server { listen {{ port }}; }"},
        {"nginx/notes.conf": "the server is slow"},
        {"my.conf": "[server]\nport=80\n"},
        {"nginx/app.py": "server {"},
    ],
)
def test_other_files_are_no_servers(files: dict[str, str]) -> None:
    assert proxies(files) == []


def test_includes_that_go_in_circles_or_grow_end() -> None:
    many = "include nginx/b.conf;\n" * 200
    files = {
        "nginx/a.conf": "server {\n" + many + "}\n",
        "nginx/b.conf": "location / { " + many + " }\n" * 50,
    }
    assert len(proxies(files)) == 1


def test_an_upstream_of_the_file_itself_comes_before_one_of_a_file_beside_it() -> None:
    text = "upstream app {{ server {}; }}\nserver {{ location / {{ proxy_pass http://app; }} }}\n"
    found = proxies({"nginx/a.conf": text.format("live:80"), "nginx/b.conf": text.format("staging:80")})
    assert [up.host for one in found for route in one.routes for up in route.upstreams] == ["live", "staging"]


def timed(text: str, others: dict[str, str] | None = None) -> list[tuple[str, object]]:
    """The locations of default.conf, with the seconds that nginx waits for an answer in each."""
    found = proxies({"conf.d/default.conf": text, **(others or {})})
    routes = [route for proxy in found if proxy.path == "conf.d/default.conf" for route in proxy.routes]
    return [(one.path, number(one.read_timeout)) for one in routes]


def test_a_location_waits_as_long_as_the_nearest_block_says() -> None:
    inside = (
        "location / { proxy_pass http://web; } location /slow { proxy_read_timeout 5m; proxy_pass http://web; }"
        " location /u { uwsgi_read_timeout 1m30s; uwsgi_pass web:3031; }"
    )
    assert timed(f"server {{ {inside} }}") == [("/", 60), ("/slow", 300), ("/u", 90)]
    assert timed(f"server {{ proxy_read_timeout 90s; {inside} }}") == [("/", 90), ("/slow", 300), ("/u", 90)]
    http = f"http {{ include mime.types; proxy_read_timeout 75; server {{ {inside} }} }}"
    assert timed(http) == [("/", 75), ("/slow", 300), ("/u", 90)]


def test_what_another_file_may_say_of_the_time_is_unknown() -> None:
    server = "server { location / { proxy_pass http://web; } }"
    slow = {"nginx.conf": "http { proxy_read_timeout 300; include conf.d/*.conf; }"}
    assert timed(server, slow) == [("/", "unknown")]
    assert timed(server, {"nginx.conf": "http { include conf.d/*.conf; }"}) == [("/", 60)]
    assert timed("server { include more.conf; location / { proxy_pass http://web; } }") == [("/", "unknown")]
    assert timed("server { location / { proxy_read_timeout $t; proxy_pass http://web; } }") == [("/", "unknown")]


def test_a_location_that_sets_a_header_inherits_none() -> None:
    found = routes(
        "proxy_set_header X-Forwarded-Proto $scheme; location / { proxy_pass http://web; }"
        " location /a { proxy_set_header Host $host; proxy_pass http://web; }"
    )
    assert [one.headers for one in found] == [("x-forwarded-proto",), ("host",)]


def test_a_pattern_in_a_location_is_for_the_paths_of_that_location() -> None:
    inner = "location ~ \\.png$ { root /srv; } location /images/thumb/ { proxy_pass http://thumb; }"
    found = routes(f"location /images/ {{ {inner} return 403; }} location ~ \\.css$ {{ root /srv; }}")
    assert [(one.inside, one.modifier, one.path) for one in found] == [
        ("", "", "/images/"),
        ("/images/", "~", "\\.png$"),
        ("", "", "/images/thumb/"),
        ("", "~", "\\.css$"),
    ]
