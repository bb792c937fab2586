"""Plugins, options and the questions that a rule may ask."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from prodlint.deployment import Deployment, Release, Service
from prodlint.engine import PluginError, built_in_rules, installed_plugins, local_plugin, options_for
from prodlint.rule import UNKNOWN, YES, Edit, Evidence, Finding, Findings, Fix, RuleError, Severity, rule
from prodlint.testing import check_project, rule_of

PLUGIN = '''"""Say hello to every service."""

from prodlint.deployment import Service
from prodlint.rule import Finding, Findings, Severity, rule


@rule(Severity.INFO)
def says_hello(service: Service) -> Findings:
    yield Finding(service.span, f"hello {service.name}")
'''


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """What pip leaves behind of a distribution that declares an entry point."""
    (folder / "hello_plugin.py").write_text(PLUGIN)
    info = folder / "hello_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hello-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[prodlint.rules]\nhello = {target}\n")
    monkeypatch.syspath_prepend(str(folder))


@pytest.mark.parametrize("target", ["hello_plugin", "hello_plugin:says_hello"])
def test_an_installed_plugin_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    assert [one.name for one in installed_plugins()] == []
    install(tmp_path, monkeypatch, target)
    assert [one.name for one in installed_plugins()] == ["says-hello"]


def test_an_installed_plugin_that_cannot_be_loaded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "no_such_module")
    with pytest.raises(PluginError, match="hello"):
        installed_plugins()


def test_the_folder_of_a_local_plugin_is_its_family(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "says_hello.py").write_text(PLUGIN)
    [found] = local_plugin(tmp_path)
    assert (found.name, found.family, found.summary) == ("says-hello", "house", "Say hello to every service.")


def test_every_built_in_rule_is_named_after_its_file_and_its_family_after_its_folder() -> None:
    rules = built_in_rules()
    assert {"dev-server-in-production", "missing-migration-step", "unpinned-dependency"} <= {one.name for one in rules}
    for one in rules:
        folder, file = one.function.__module__.split(".")[-2:]
        assert (one.family, one.name.replace("-", "_")) == (folder, file)


@dataclass(frozen=True)
class Options:
    """The options of the rule below."""

    names: tuple[str, ...] = ("web",)
    loud: bool = False


@rule(Severity.INFO)
def greets(service: Service, deployment: Deployment, options: Options) -> Findings:
    """Greet the services that are named."""
    if service.name in options.names:
        yield Finding(service.span, f"hello {service.name} of {len(deployment.services)}")


def test_a_rule_gets_the_deployment_and_its_options() -> None:
    files = {"Procfile": "web: gunicorn app:app\nworker: celery -A app worker\n"}
    assert [one.message for one in check_project(files, [greets])] == ["hello web of 2"]
    options = options_for(rule_of(greets), {"names": ["worker"], "loud": True})
    assert options == Options(("worker",), True)
    found = check_project(files, [greets], {"greets": options})
    assert [one.message for one in found] == ["hello worker of 2"]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"nmes": []}, 'no option "nmes"'),
        ({"names": "web"}, "must be a list of strings"),
        ({"loud": 1}, "must be of type bool"),
    ],
)
def test_a_wrong_option_is_refused(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        options_for(rule_of(greets), given)


def test_any_thing_of_the_model_can_be_looked_at() -> None:
    @rule(Severity.INFO)
    def names_releases(release: Release) -> Findings:
        """Name the releases."""
        yield Finding(release.span, release.name)

    found = check_project({"Procfile": "web: gunicorn app:app\n"}, [names_releases])
    assert [one.message for one in found] == ["Procfile"]


def test_what_a_rule_raises_is_raised_in_tests() -> None:
    @rule(Severity.INFO)
    def fails(service: Service) -> Findings:
        """Fail."""
        if UNKNOWN:
            yield Finding(service.span, "")

    with pytest.raises(TypeError, match="compare it with `is YES`"):
        check_project({"Procfile": "web: gunicorn app:app\n"}, [fails])
    assert YES


def test_a_rule_that_asks_for_something_else_is_refused_when_it_is_written() -> None:
    with pytest.raises(RuleError, match="the engine only gives the Deployment"):

        @rule(Severity.INFO)
        def asks(service: Service, other: str) -> Findings:
            """Ask."""
            yield Finding(service.span, other)


PODS = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\nspec: {template: {spec: {containers: [%s]}}}\n"


@rule(Severity.INFO)
def counts_letters(service: Service) -> Findings:
    """Count the letters of names."""
    assert service.image is not None
    yield Finding(service.image.span, f"{service.name} with {len(service.name)} letters")


def test_the_fault_that_several_services_have_at_one_place_is_told_once_with_the_others() -> None:
    files = {"Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'}
    files["shop.sh"] = "docker build -t acme/shop .\n"
    files.update({f"k8s/{name}.yaml": PODS % (name, "{name: web, image: acme/shop}") for name in ("a", "b", "cc")})
    found = {one.message: one for one in check_project(files, [counts_letters])}
    assert sorted(found) == ["a with 1 letters", "cc with 2 letters"]
    assert [one.note for one in found["a with 1 letters"].evidence] == ["declares b, which has the same fault"]
    assert found["cc with 2 letters"].evidence == ()


def test_of_many_services_with_one_fault_the_first_are_named() -> None:
    files = {"Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'}
    files["shop.sh"] = "docker build -t acme/shop .\n"
    files.update({f"k8s/{name}.yaml": PODS % (name, "{name: web, image: acme/shop}") for name in "abcdef"})
    [finding] = check_project(files, [counts_letters])
    assert [one.note for one in finding.evidence][-1] == "declares d and 2 more, which have the same fault"
    assert len(finding.evidence) == 3


@rule(Severity.WARNING)
def weighs_letters(service: Service) -> Findings:
    """Long names are worse, and are to be shortened."""
    assert service.image is not None
    severity = Severity.ERROR if len(service.name) > 1 else None
    fix = Fix("shorten", (Edit(service.image.span, service.name[:1].lower()),))
    evidence = (Evidence(service.declared_at, f"declares {service.name}"),)
    yield Finding(service.image.span, f"{service.name} is made of letters", evidence, fix=fix, severity=severity)


def weighed(*names: str) -> Finding:
    files = {"Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'}
    files["shop.sh"] = "docker build -t acme/shop .\n"
    # They are told in the order of their files.
    files.update({f"k8s/{at}.yaml": PODS % (name, "{name: web, image: acme/shop}") for at, name in enumerate(names)})
    [finding] = check_project(files, [weighs_letters])
    return finding


def test_a_fault_at_one_place_is_told_as_it_is_for_the_service_for_which_it_is_worst() -> None:
    finding = weighed("a", "aa", "b")
    assert (finding.severity, finding.message) == (Severity.ERROR, "aa is made of letters")
    assert [one.note for one in finding.evidence] == [
        "declares aa",
        "declares a, which has the same fault",
        "declares b, which has the same fault",
    ]
    assert weighed("a", "b").severity is Severity.WARNING
    assert weighed("a", "b").message == "a is made of letters"


def test_a_fix_is_offered_where_all_that_have_the_fault_ask_for_the_same_one() -> None:
    agreed = weighed("a", "A").fix
    assert agreed is not None
    assert [one.replacement for one in agreed.edits if isinstance(one, Edit)] == ["a"]
    assert weighed("a", "b").fix is None
    assert weighed("b", "aa").fix is None
