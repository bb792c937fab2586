"""Sites of a Caddyfile as proxies: where they listen, and where each directive leads."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.network import Proxy
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known
from prodlint.readers import declare
from prodlint.source import Source
from prodlint.syntax.caddy import CaddyProblem, parse_caddy


def sites(text: str, **others: str) -> list[Proxy]:
    held = {"Caddyfile": text.encode(), **{path: other.encode() for path, other in others.items()}}
    return [fact for fact in declare(Repository(held, held.__getitem__))[0] if isinstance(fact, Proxy)]


def leads(text: str, **others: str) -> list[tuple[str, str]]:
    """The routes of the only site: `= /path` and what they lead to."""
    (site,) = sites(text, **others)
    return [
        (f"{one.modifier} {one.path}".strip(), end)
        for one in site.routes
        for end in (*(up.written for up in one.upstreams), *filter(None, (one.folder, one.answer)))
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("reverse_proxy web:8000", [("/", "web:8000")]),
        ("reverse_proxy * web:8000", [("/", "web:8000")]),
        ("reverse_proxy /api/* web:8000 other:8000", [("/api/", "web:8000"), ("/api/", "other:8000")]),
        ("reverse_proxy /api web:8000", [("= /api", "web:8000")]),
        ("reverse_proxy {\n\tto web:8000\n\theader_up Host {host}\n}", [("/", "web:8000")]),
        ("reverse_proxy :8000", [("/", "localhost:8000")]),
        ("@api path /api/* /v1\nreverse_proxy @api web:8000", [("/api/", "web:8000"), ("= /v1", "web:8000")]),
        ("@api {\n\tpath /api/*\n\tmethod GET\n}\nreverse_proxy @api web:8000", [("/api/", "web:8000")]),
        ("@get method GET\nreverse_proxy @get web:8000", [("/", "web:8000")]),
        ("handle /api/* {\n\treverse_proxy web:8000\n}", [("/api/", "web:8000")]),
        ("handle_path /api/* {\n\treverse_proxy /v1/* web:8000\n}", [("/api/v1/", "web:8000")]),
        ("handle {\n\treverse_proxy web:8000\n}", [("/", "web:8000")]),
        ("root * /srv\nfile_server", [("/", "/srv")]),
        ("handle_path /static/* {\n\troot * /srv/static\n\tfile_server\n}", [("/static/", "/srv/static")]),
        ("file_server /static/* {\n\troot {$ROOT:/code}\n}", [("/static/", "/code")]),
        ("respond /health 200", [("= /health", "200")]),
        ('respond "well done" 201', [("/", "201 well done")]),
        ("redir /old /new permanent", [("= /old", "301 /new")]),
        ("redir https://{host}{uri}", [("/", "302 https://{host}{uri}")]),
        ("php_fastcgi php:9000", [("/", "php:9000")]),
        ("encode gzip\nlog {\n\toutput stdout\n}", []),
        ("import site", [("/", "web:8000")]),
    ],
)
def test_a_directive_leads_somewhere(body: str, expected: list[tuple[str, str]]) -> None:
    assert leads(f"(site) {{\n\treverse_proxy web:8000\n}}\n\nexample.com {{\n{body}\n}}\n") == expected


def test_a_prefix_that_is_cut_off_is_replaced_by_a_slash() -> None:
    (site,) = sites("example.com {\n\thandle_path /api/* {\n\t\treverse_proxy web:8000\n\t}\n}\n")
    assert [up.path for one in site.routes for up in one.upstreams] == ["/"]


def test_files_that_are_imported_belong_to_the_site() -> None:
    text = "example.com {\n\timport snippets/*.caddy\n}\n"
    snippet = "@a path /x\nreverse_proxy @a web:8000\n"
    assert leads(text, **{"snippets/a.caddy": snippet}) == [("= /x", "web:8000")]


def test_an_upstream_stands_at_its_word() -> None:
    (site,) = sites("example.com {\n\treverse_proxy /a/* web:8000\n}\n")
    (upstream,) = site.routes[0].upstreams
    assert (upstream.span.text, upstream.span.line, upstream.span.column) == ("web:8000", 2, 21)
    assert upstream.host == "web"
    assert isinstance(upstream.port, Known)
    assert upstream.port.value == 8000


@pytest.mark.parametrize(
    ("address", "names", "listens"),
    [
        ("example.com", ("example.com",), [(443, True)]),
        ("http://example.com", ("example.com",), [(80, False)]),
        ("example.com:8443", ("example.com",), [(8443, True)]),
        (":80", (), [(80, False)]),
        (":8000", (), [(8000, False)]),
        (":443", (), [(443, True)]),
        ("a.example, b.example", ("a.example", "b.example"), [(443, True), (443, True)]),
        ("a.example,\nb.example", ("a.example", "b.example"), [(443, True), (443, True)]),
        ("{$SITE:localhost}", ("localhost",), [(443, True)]),
        ("{$SITE}", ("{$SITE}",), []),
    ],
)
def test_an_address_says_where_a_site_listens(
    address: str, names: tuple[str, ...], listens: list[tuple[int, bool]]
) -> None:
    (site,) = sites(f"{address} {{\n\trespond 200\n}}\n")
    assert site.names == names
    assert [(one.port.value if isinstance(one.port, Known) else None, one.tls) for one in site.listens] == listens


def test_automatic_https_may_be_switched_off() -> None:
    (site,) = sites("{\n\tauto_https off\n}\nexample.com {\n\trespond 200\n}\n")
    assert [one.tls for one in site.listens] == [False]


def test_a_file_of_one_site_needs_no_braces() -> None:
    assert leads("example.com\n\nreverse_proxy web:8000\n") == [("/", "web:8000")]


def test_comments_quotes_and_heredocs_are_no_structure() -> None:
    body = '\trespond /a "{ } # no" 200\n\trespond /b <<EOF\n\t}\n\tEOF 200\n\treverse_proxy web:8000\n'
    text = f"example.com {{ # {{\n{body}}}\n"
    assert [path for path, _ in leads(text)] == ["= /a", "= /b", "/"]


def test_a_snippet_that_imports_itself_ends() -> None:
    assert leads("(a) {\n\timport a\n\trespond 200\n}\nexample.com {\n\timport a\n}\n")[0] == ("/", "200")


@pytest.mark.parametrize("text", ["example.com {\n", "}\n", "a {\n" * 60, "a <<EOF\nb\n"])
def test_a_file_with_a_fault_is_told(text: str) -> None:
    with pytest.raises(CaddyProblem):
        parse_caddy(Source("Caddyfile", text))


@settings(deadline=None, max_examples=100)
@given(st.text(st.sampled_from(list('ab/*{}@:,"`\\#$ \n\t<>EOF')), max_size=120))
def test_any_text_is_read_or_refused_and_every_word_is_in_it(text: str) -> None:
    try:
        directives = list(parse_caddy(Source("Caddyfile", text)))
    except CaddyProblem:
        return
    while directives:
        one = directives.pop()
        assert all(word.value in text for word in one.words)
        directives.extend(one.block or ())
