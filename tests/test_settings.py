"""Settings: where they are found, what they mean, and that every mistake in them is told at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from prodlint.finding import Severity
from prodlint.settings import (
    KnownNames,
    Settings,
    SettingsError,
    SettingsProblem,
    all_settings,
    describe,
    load_settings,
    load_settings_file,
    override,
    settings_from_toml,
)
from prodlint.source import Source, Span


def check_options(rule: str, options: Mapping[str, object]) -> None:
    """As the engine does: `dev-server` has `paths` (a list) and needs it, the other rules have no option."""
    for key, value in options.items():
        if rule != "dev-server" or key not in ("paths", "depth"):
            raise ValueError(f'{rule} has no option "{key}"')
        if key == "paths" and not isinstance(value, list):
            raise ValueError(f'the option "{key}" of {rule} must be a list of strings')
    if rule == "dev-server" and "paths" not in options:
        raise ValueError(f'{rule} needs the option "paths"')


KNOWN = KnownNames(
    rules={"dev-server": "serving", "too-few-workers": "serving", "runs-as-root": "container"},
    formerly={"development-server": "dev-server"},
    formats=("text", "json"),
    check_options=check_options,
)


def read(text: str, path: str = "prodlint.toml") -> Settings:
    return settings_from_toml(Source(path, text), KNOWN)


def problems(text: str, path: str = "prodlint.toml") -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read(text, path)
    return [str(problem) for problem in raised.value.problems]


def test_every_setting_is_read() -> None:
    settings = read("""
select = ["serving", "runs-as-root"]
ignore = ["development-server"]
fail-on = "error"
exclude = ["legacy/**"]
production = ["deploy/live/**"]
development = ["deploy/*.yml"]
require-reason = true
output-format = "json"

[per-file-ignores]
"scripts/**" = ["all"]
"*.sh" = ["container"]

[severity]
too-few-workers = "info"

[rules.dev-server]
paths = ["/up"]
depth = 3
""")
    assert settings.select == ("serving", "runs-as-root")
    assert settings.ignore == ("dev-server",)
    assert settings.fail_on is Severity.ERROR
    assert (settings.exclude, settings.production, settings.development) == (
        ("legacy/**",),
        ("deploy/live/**",),
        ("deploy/*.yml",),
    )
    assert settings.require_reason is True
    assert settings.output_format == "json"
    assert settings.per_file_ignores == (("scripts/**", ("all",)), ("*.sh", ("container",)))
    assert settings.severity == {"too-few-workers": Severity.INFO}
    assert settings.options == {"dev-server": {"paths": ["/up"], "depth": 3}}


def test_pyproject_holds_the_settings_in_its_table_and_nothing_else_of_it_is_read() -> None:
    settings = read('[tool.other]\nselct = 1\n[tool.prodlint]\nfail-on = "never"\n', "api/pyproject.toml")
    assert settings.fail_on is None
    assert read("[project]\nname = 'x'\n", "pyproject.toml") == Settings()


def test_without_a_word_everything_is_selected_and_warnings_fail() -> None:
    settings = Settings()
    assert (settings.select, settings.ignore, settings.fail_on) == (("all",), (), Severity.WARNING)
    assert read("") == settings


def test_every_mistake_is_told_at_once_in_the_order_of_the_file() -> None:
    assert problems("""\
selct = ["serving"]
select = ["dev-servr", "servng", 3]
ignore = "dev-server"
fail_on = "error"
exclude = ["ok/**", "a\\\\b", "../x"]
require-reason = "yes"
fail-on = "eror"
output-format = "jsn"
production = 2024-01-01

[severity]
dev-server = "off"
serving = "error"
runs_as_root = "info"

[per-file-ignores]
"{a,b}" = ["nope"]

[rules]
too-few-workers = 3
[rules.runs-as-root]
x = 1
[rules.dev-server]
paths = "a"
"de\\u001bpt" = 1
""") == [
        'prodlint.toml:1: unknown setting "selct"; did you mean "select"?',
        'prodlint.toml:2: unknown rule or family "dev-servr" in "select"; did you mean "dev-server"?',
        'prodlint.toml:2: unknown rule or family "servng" in "select"; did you mean "serving"?',
        'prodlint.toml:2: "select" must be a list of strings; here is a number',
        'prodlint.toml:3: "ignore" must be a list of strings, not a string: write ["dev-server"]',
        'prodlint.toml:4: unknown setting "fail_on"; did you mean "fail-on"?',
        'prodlint.toml:5: "a\\\\b" in "exclude": folders are separated by "/", not by "\\"',
        'prodlint.toml:5: "../x" in "exclude": a pattern must not hold "." or ".." as a folder',
        'prodlint.toml:6: "require-reason" must be true or false, not a string',
        'prodlint.toml:7: "fail-on" must be "error", "warning", "info" or "never", not "eror"; did you mean "error"?',
        'prodlint.toml:8: "output-format" must be "json" or "text", not "jsn"; did you mean "json"?',
        'prodlint.toml:9: "production" must be a list of strings, not a date or time',
        'prodlint.toml:12: "severity" of "dev-server" must be "error", "warning" or "info", not "off"'
        ' (to switch a rule off, name it in "ignore")',
        'prodlint.toml:13: "serving" is a family; name its rules',
        'prodlint.toml:14: unknown rule "runs_as_root"; did you mean "runs-as-root"?',
        'prodlint.toml:17: "{a,b}" in "per-file-ignores": '
        "braces are not expanded: write one pattern for each alternative",
        'prodlint.toml:17: unknown rule or family "nope" in "per-file-ignores" of "{a,b}"',
        'prodlint.toml:20: "rules" of "too-few-workers" must be a table, not a number',
        'prodlint.toml:22: runs-as-root has no option "x"',
        'prodlint.toml:24: the option "paths" of dev-server must be a list of strings',
        'prodlint.toml:25: dev-server has no option "de\\u001bpt"',
    ]


def test_a_problem_has_its_column_and_the_name_that_was_meant() -> None:
    with pytest.raises(SettingsError) as raised:
        read('select = ["dev-server", "servin"]\n')
    [problem] = raised.value.problems
    assert (problem.path, problem.line, problem.column, problem.suggestion) == ("prodlint.toml", 1, 25, "serving")
    assert str(raised.value) == str(problem)


def test_a_missing_option_is_told_at_the_table_of_the_rule() -> None:
    assert problems("[rules.dev-server]\ndepth = 1\n") == ['prodlint.toml:1: dev-server needs the option "paths"']


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (
            "[tool.prodlint]\n",
            "prodlint.toml",
            "prodlint.toml:1: outside of pyproject.toml settings stand at the top, ",
        ),
        ("[tool]\nprodlint = 3\n", "pyproject.toml", 'pyproject.toml:2: "tool.prodlint" must be a table'),
        ("a = 1\nselect = [\n", "prodlint.toml", "prodlint.toml:"),
        ("select = serving\n", "prodlint.toml", "prodlint.toml:1: "),
        ('"a\\u001b[2J" = 1\n', "prodlint.toml", 'prodlint.toml:1: unknown setting "a\\u001b[2J"'),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_line(text: str, path: str, message: str) -> None:
    [line] = problems(text, path)
    assert line.startswith(message)
    assert line.isprintable()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "top/services/api").mkdir(parents=True)
    (tmp_path / "top/.git").mkdir()
    monkeypatch.chdir(tmp_path / "top")
    return tmp_path / "top"


def test_the_nearest_file_upwards_counts(project: Path) -> None:
    (project / "prodlint.toml").write_text('fail-on = "error"\n')
    (project / "services/pyproject.toml").write_text("[project]\nname = 'services'\n# prodlint\n")
    api = project / "services/api"
    found = load_settings(api, KNOWN)
    assert (found.path, found.fail_on) == (project / "prodlint.toml", Severity.ERROR)
    assert found.base(api) == "services/api"
    assert found.base(project) == ""
    (project / "services/pyproject.toml").write_text("[tool.prodlint]\nfail-on = 'info'\n")
    (api / "app.py").touch()
    found = load_settings(api / "app.py", KNOWN)
    assert (found.path, found.fail_on) == (project / "services/pyproject.toml", Severity.INFO)
    assert found.base(project) == ""


@pytest.mark.parametrize(
    ("present", "used"),
    [
        (("prodlint.toml", ".prodlint.toml", "pyproject.toml"), "prodlint.toml"),
        ((".prodlint.toml", "pyproject.toml"), ".prodlint.toml"),
        (("pyproject.toml",), "pyproject.toml"),
    ],
)
def test_in_one_folder_prodlint_toml_counts_before_pyproject(
    project: Path, present: tuple[str, ...], used: str
) -> None:
    for name in present:
        (project / name).write_text("[tool.prodlint]\n" if name == "pyproject.toml" else "")
    assert load_settings(project, KNOWN).path == project / used


def test_the_search_ends_at_the_top_of_the_work_tree(project: Path) -> None:
    (project.parent / "prodlint.toml").write_text('fail-on = "error"\n')
    assert load_settings(project / "services", KNOWN) == Settings()
    (project / ".git").rmdir()
    assert load_settings(project / "services", KNOWN).fail_on is Severity.ERROR


def test_a_pyproject_that_others_broke_does_not_matter(project: Path) -> None:
    (project / "pyproject.toml").write_text("this is not TOML")
    assert load_settings(project, KNOWN) == Settings()
    (project / "pyproject.toml").write_text("[tool.prodlint\n")
    with pytest.raises(SettingsError, match=r"^pyproject\.toml:1: "):
        load_settings(project, KNOWN)


def test_a_named_file_may_have_any_name_and_must_hold_settings(project: Path) -> None:
    (project / "ci.toml").write_text('fail-on = "info"\n')
    found = load_settings_file(Path("ci.toml"), KNOWN)
    assert (found.fail_on, found.path) == (Severity.INFO, project / "ci.toml")
    (project / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(SettingsError, match=r"^pyproject\.toml: there is no table \[tool\.prodlint\]$"):
        load_settings_file(project / "pyproject.toml", KNOWN)
    with pytest.raises(SettingsError, match=r"^missing\.toml: cannot be read: No such file or directory$"):
        load_settings_file(project / "missing.toml", KNOWN)
    (project / "large.toml").write_text("#" * (1024 * 1024 + 1))
    with pytest.raises(SettingsError, match=r"^large\.toml: is larger than 1 MiB$"):
        load_settings_file(project / "large.toml", KNOWN)


def test_the_command_line_overrides_what_a_file_says() -> None:
    settings = read('select = ["serving"]\nfail-on = "error"\n[severity]\ndev-server = "info"\n')
    changed = override(settings, {"select": ["container"], "fail-on": "never"}, KNOWN)
    assert (changed.select, changed.fail_on, changed.severity) == (("container",), None, settings.severity)
    assert changed.origins[("select",)] == "--select"
    assert ("severity", "dev-server") in changed.origins
    with pytest.raises(SettingsError) as raised:
        override(settings, {"select": ["contaner"], "fail-on": "x"}, KNOWN)
    assert [str(problem) for problem in raised.value.problems] == [
        '--select: unknown rule or family "contaner" in "select"; did you mean "container"?',
        '--fail-on: "fail-on" must be "error", "warning", "info" or "never", not "x"',
    ]


def test_each_setting_is_shown_with_its_value_and_origin() -> None:
    settings = read(
        '[tool.prodlint]\nignore = ["dev-server"]\nper-file-ignores."tests/**" = ["all"]\n'
        '[tool.prodlint.severity]\ndevelopment-server = "info"\nruns-as-root = "error"\n',
        "pyproject.toml",
    )
    lines = describe(override(settings, {"fail-on": "never"}, KNOWN)).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        'select = ["all"] # default',
        'ignore = ["dev-server"] # pyproject.toml:2',
        'per-file-ignores."tests/**" = ["all"] # pyproject.toml:3',
        'severity.dev-server = "info" # pyproject.toml:5',
        'severity.runs-as-root = "error" # pyproject.toml:6',
        'fail-on = "never" # --fail-on',
        "exclude = [] # default",
        "production = [] # default",
        "development = [] # default",
        "require-reason = false # default",
        'output-format = "text" # default',
        "rules = {} # default",
    ]


def test_an_origin_is_the_key_in_the_file() -> None:
    settings = read('\n  select = ["serving"]\n')
    origin = settings.origins[("select",)]
    assert isinstance(origin, Span)
    assert (origin.text, origin.line, origin.column) == ("select", 2, 3)


def test_every_field_but_where_it_was_read_can_be_given() -> None:
    given = {setting.name for setting in all_settings()}
    fields = {{"options": "rules"}.get(name, name.replace("_", "-")) for name in Settings.__match_args__}
    assert fields - {"path", "origins"} == given


def test_each_setting_is_documented_and_named_in_kebab_case() -> None:
    for setting in all_settings():
        assert setting.help.endswith(".")
        assert setting.type.words
        assert setting.name == setting.name.lower().replace("_", "-")
        assert (
            getattr(Settings(), {"rules": "options"}.get(setting.name, setting.name.replace("-", "_")))
            == setting.default
        )


names = st.lists(st.sampled_from(["all", "serving", "container", *KNOWN.rules]), unique=True, max_size=4)
globs = st.sampled_from(["a", "b/**", "*.py", 'we"ird', "é\t*"])


@given(
    table=st.fixed_dictionaries(
        {},
        optional={
            "select": names,
            "ignore": names,
            "fail-on": st.sampled_from(["error", "warning", "info", "never"]),
            "exclude": st.lists(globs, max_size=3),
            "require-reason": st.booleans(),
            "per-file-ignores": st.dictionaries(globs, names, max_size=3),
            "severity": st.dictionaries(st.sampled_from(sorted(KNOWN.rules)), st.sampled_from(["error", "info"])),
            "rules": st.just({"dev-server": {"paths": ["a b", "'"], "depth": 2}}),
        },
    )
)
@hypothesis_settings(max_examples=100, deadline=None)
def test_what_is_shown_is_toml_that_means_the_same(table: dict[str, object]) -> None:
    settings = override(Settings(), table, KNOWN)
    shown = describe(settings)
    again = read(shown)
    for setting in all_settings():
        attribute = {"rules": "options"}.get(setting.name, setting.name.replace("-", "_"))
        assert getattr(again, attribute) == getattr(settings, attribute)
    assert set(tomli.loads(shown)) == {setting.name for setting in all_settings()}


toml_values = st.recursive(
    st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=5), st.sampled_from(["all", "dev-server", "error"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(
    table=st.dictionaries(
        st.one_of(st.sampled_from([setting.name for setting in all_settings()]), st.text(max_size=8)), toml_values
    )
)
@hypothesis_settings(max_examples=100, deadline=None)
def test_any_values_are_settings_or_problems(table: dict[str, object]) -> None:
    told: tuple[SettingsProblem, ...] = ()
    try:
        assert describe(override(Settings(), table, KNOWN)).endswith("\n")
    except SettingsError as error:
        told = error.problems
    unknown = set(table) - {setting.name for setting in all_settings()}
    assert len(told) >= len(unknown)
    assert all(problem.message.isprintable() for problem in told)


def test_nothing_heavy_is_loaded_without_a_settings_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    program = (
        "import sys, pathlib\n"
        "from prodlint.settings import KnownNames, Settings, load_settings\n"
        f"assert load_settings(pathlib.Path({str(tmp_path)!r}), KnownNames({{}})) == Settings()\n"
        "print(sorted({'tomli', 'tomllib', 'pathspec', 'difflib', 'prodlint.syntax.toml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
