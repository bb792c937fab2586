"""Which files belong to a repository, against git itself, and what kind each of them is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prodlint.discovery import discover, survey
from prodlint.gitignore import IgnoreRules
from prodlint.kind import Kind, classify
from prodlint.kind_of_content import classify_content
from prodlint.path_pattern import PathMatcher, glob_problem
from prodlint.tree import DiskTree, Entry, MemoryTree, OverlayTree

GIT = shutil.which("git")
GIT_ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def paths(files: Mapping[str, str | bytes], exclude: tuple[str, ...] = ()) -> list[str]:
    return [file.path for file in discover(MemoryTree(files), exclude)]


def kinds(files: Mapping[str, str | bytes]) -> dict[str, Kind]:
    return {file.path: file.kind for file in discover(MemoryTree(files))}


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, env=GIT_ENVIRONMENT, check=True, stdout=subprocess.PIPE).stdout


def git_sees(root: Path) -> list[str]:
    listed = git(root, "ls-files", "--others", "--cached", "--exclude-standard", "-z")
    return sorted({os.fsdecode(path) for path in listed.split(b"\0") if path})


def test_files_come_sorted_by_path_with_kind_and_size() -> None:
    tree = MemoryTree({"b.py": "x = 1\n", "a/z.txt": "é", "Dockerfile": "FROM x\n"})
    found = [(file.path, file.kind, file.size) for file in discover(tree)]
    assert found == [("Dockerfile", Kind.DOCKERFILE, 7), ("a/z.txt", Kind.OTHER, 2), ("b.py", Kind.PYTHON, 6)]


@pytest.mark.parametrize(
    ("ignore", "ignored", "kept"),
    [
        ("*.log\n", ["a.log", "x/b.log"], ["a.txt"]),
        ("/build\n", ["build/a"], ["x/build/a"]),
        ("logs/\n", ["logs/a", "x/logs/a"], ["y/logs"]),
        ("a/**/z\n", ["a/z", "a/b/z", "a/b/c/z"], ["z", "b/a/z"]),
        ("a/*\n!a/keep\n", ["a/x"], ["a/keep"]),
        ("a/\n!a/keep\n", ["a/keep"], []),
        ("*.py[co]\n", ["a.pyc"], ["a.py", "a.pyd"]),
        ("[!a]x\n", ["bx"], ["ax"]),
        ("\\#a\n#b\n", ["#a"], ["#b"]),
        ("\\!a\n", ["!a"], ["a"]),
        ("a \nb\\ \n", ["a", "b "], ["b"]),
        ("a\r\nb\r\n", ["a", "b"], ["c"]),
        ("\ufeffa\n", ["a"], ["b"]),
        ("foo?bar\n", ["foo-bar"], ["foobar"]),
        ("x/y**\n", ["x/yz"], ["x/z", "q/x/yz"]),
        ("é?\n", ["éa"], ["éé"]),
    ],
)
def test_what_git_ignores_does_not_belong(ignore: str, ignored: list[str], kept: list[str]) -> None:
    assert paths({".gitignore": ignore, **dict.fromkeys([*ignored, *kept], "")}) == sorted([".gitignore", *kept])


def test_the_nearest_ignore_file_decides_and_an_ignored_folder_stays_closed() -> None:
    files = {
        ".gitignore": "*.env\nclosed/\n",
        "deploy/.gitignore": "!production.env\n",
        "deploy/production.env": "",
        "deploy/local.env": "",
        "closed/.gitignore": "!*\n",
        "closed/a.env": "",
    }
    assert paths(files) == [".gitignore", "deploy/.gitignore", "deploy/production.env"]


def test_what_was_left_out_is_told_with_the_reason() -> None:
    files = {
        ".gitignore": ".env\n",
        ".env": "",
        "node_modules/a/package.json": "",
        "old/a.py": "",
        "env/bin/activate": "",
        "env/a.py": "",
        "libs/vendor/a.py": "",
        "sub/.git": "gitdir: ../x",
        "sub/a.py": "",
        "{{cookiecutter.name}}/a.py": "",
    }
    found = survey(MemoryTree(files), ["old"])
    assert {skipped.path: skipped.reason for skipped in found.skipped} == {
        ".env": "ignored by git",
        "env/": "installed packages",
        "libs/vendor/": "a copy of other people's code",
        "node_modules/": "installed packages",
        "old/": "excluded by the settings",
        "sub/": "a repository of its own",
        "{{cookiecutter.name}}/": "a template of a project",
    }
    assert [file.path for file in found.files] == [".gitignore"]


def test_a_folder_named_env_without_a_virtual_environment_belongs() -> None:
    assert paths({"env/production.env": "", ".venv/notes": ""}) == [".venv/notes", "env/production.env"]


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/history"])
def test_a_virtual_environment_of_any_name_does_not_belong_but_the_root_always_does(mark: str) -> None:
    assert paths({f"tools/{mark}": "", "tools/a.py": ""}) == []
    assert "a.py" in paths({mark: "", "a.py": ""})


def test_globs_exclude_files_and_whole_folders() -> None:
    files = dict.fromkeys(["a/b/c.py", "a/d.py", "e.py", "x/a/f.py"], "")
    assert paths(files, ("a/b/**",)) == ["a/d.py", "e.py", "x/a/f.py"]
    assert paths(files, ("/a/", "e.py")) == ["x/a/f.py"]
    assert paths(files, ("a",)) == ["e.py"]


def test_globs_may_be_relative_to_a_folder_above_the_root() -> None:
    tree = MemoryTree(dict.fromkeys(["old/a.py", "b.py"], ""))
    assert [file.path for file in discover(tree, ["services/api/old"], base="services/api")] == ["b.py"]
    assert [file.path for file in discover(tree, ["old/a.py"], base="services/api")] == ["b.py", "old/a.py"]


@pytest.mark.parametrize(
    ("glob", "matching", "other"),
    [
        ("*.py", ["a.py", "x/y/a.py"], ["a.pyc", "a.py.txt"]),
        ("deploy/**", ["deploy/a", "deploy/b/c"], ["deploy", "x/deploy/a"]),
        ("deploy/*.sh", ["deploy/a.sh"], ["deploy/b/a.sh", "x/deploy/a.sh"]),
        ("**/local/*.yml", ["local/a.yml", "x/y/local/a.yml"], ["local/x/a.yml", "a.yml"]),
        ("legacy", ["legacy", "legacy/a", "x/legacy/b/c"], ["legacy2", "xlegacy"]),
        ("legacy/", ["legacy/a", "x/legacy/b"], ["legacy"]),
        ("/legacy", ["legacy", "legacy/a"], ["x/legacy"]),
        ("a/**/z", ["a/z", "a/b/c/z", "a/z/below"], ["a/zz"]),
        ("[ab]?.py", ["a1.py"], ["c1.py", "a/1.py"]),
    ],
)
def test_a_glob_matches_paths_and_all_below_them(glob: str, matching: list[str], other: list[str]) -> None:
    matcher = PathMatcher(["never", glob])
    assert [path for path in [*matching, *other] if matcher.matches(path)] == matching
    assert not PathMatcher([]).matches("a")


@pytest.mark.parametrize("glob", ["", " ", "!a", "a\\b", "C:/a", "{a,b}", "../a", "./a", "a//b", "[a", " a"])
def test_a_glob_that_cannot_mean_what_its_author_hoped_is_refused(glob: str) -> None:
    assert glob_problem(glob)


@pytest.mark.parametrize("glob", ["a", "/a", "a/", "**", "a/**/b", "[!a]?", "*.py", "a[[:digit:]]"])
def test_a_usable_glob_is_not_refused(glob: str) -> None:
    assert glob_problem(glob) is None


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 60 + "b", "x/" + "*a" * 60 + "b", "**/a*" * 40 + "b", "**/*" * 40 + "/b", "a**" * 40 + "/", "[a-z]*" * 60],
)
def test_a_hostile_pattern_costs_no_more_than_a_friendly_one(pattern: str) -> None:
    rules = IgnoreRules(pattern.encode())
    started = time.process_time()
    for path in ("a" * 250, "x/" + "a" * 250, "a/" * 1500 + "c", "aa/a" * 400):
        rules.verdict(path, path.rpartition("/")[2], False)
    assert time.process_time() - started < 0.5


@pytest.fixture(scope="module")
def repository() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        git(root, "init", "--quiet")
        yield root


names = st.text("ab.x-é", min_size=1, max_size=3).filter(lambda name: name.strip(".") == name)
tree_paths = st.lists(names, min_size=1, max_size=4).map("/".join)
pattern_pieces = st.sampled_from(
    [
        *"a b ab . x - é * ** **/ /** /**/ / ? [ab] [!a] [^b-x] []a] [a-] [[:alpha:]] [[:nope:]] [[: [ \\ \\*"
        " \\/ ! # // [b-a] [\\a-x] *.x".split(),
        " ",
        "\\ ",
        "\r",
    ]
)
patterns = st.lists(pattern_pieces, min_size=1, max_size=6).map("".join)
ignore_files = st.lists(st.one_of(patterns, patterns.map("!{}".format), patterns.map("/{}".format)), max_size=5).map(
    "\n".join
)


@pytest.mark.real
@pytest.mark.skipif(GIT is None, reason="needs git")
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(tree_paths, min_size=1, max_size=12),
    ignores=st.dictionaries(st.sampled_from(["", "a/", "b/", "a/b/", "ab/"]), ignore_files, min_size=1, max_size=3),
    exclude=ignore_files,
)
@example(files=["a/bar", "a/fooX/Y/bar", "a/foobar"], ignores={"": "a/foo**/bar"}, exclude="")
@example(files=["a/bc/x", "a/b/x"], ignores={"": "a/b/"}, exclude="")
def test_the_same_files_belong_as_git_says(
    repository: Path, files: list[str], ignores: dict[str, str], exclude: str
) -> None:
    for entry in repository.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for path in [*files, *(f"{folder}.gitignore" for folder in ignores)]:
        try:
            write(repository, {path: ignores.get(path.removesuffix(".gitignore"), "") if ".gitignore" in path else ""})
        except (NotADirectoryError, FileExistsError, IsADirectoryError):
            continue
    (repository / ".git/info/exclude").write_text(exclude, encoding="utf-8", newline="")
    assert [file.path for file in discover(DiskTree(repository))] == git_sees(repository)


@pytest.mark.skipif(GIT is None, reason="needs git")
@pytest.mark.parametrize("version", ["2", "4"])
def test_a_tracked_file_belongs_although_it_is_ignored(tmp_path: Path, version: str) -> None:
    git(tmp_path, "init", "--quiet")
    write(
        tmp_path,
        {
            ".gitignore": ".env\nconfig/\n",
            ".env": "A=1\n",
            "config/prod.env": "B=1\n",
            "config/deep/er/x.env": "",
            "config/local.env": "",
            "other/.env": "",
        },
    )
    git(tmp_path, "config", "index.version", version)
    git(tmp_path, "add", "--force", ".env", "config/prod.env", "config/deep", ".gitignore")
    git(tmp_path, "update-index", "--index-version", version)
    assert (tmp_path / ".git/index").read_bytes()[7] == int(version)
    expected = [".env", ".gitignore", "config/deep/er/x.env", "config/prod.env"]
    assert [file.path for file in discover(DiskTree(tmp_path))] == expected == git_sees(tmp_path)
    assert [file.path for file in discover(DiskTree(tmp_path / "config"))] == ["deep/er/x.env", "local.env", "prod.env"]


@pytest.mark.parametrize(
    "index", [b"", b"DIRC", b"DIRC\0\0\0\2\xff\xff\xff\xff" + b"a" * 70, b"DIRC\0\0\0\4\0\0\0\1" + b"\xff" * 90]
)
def test_a_damaged_index_tracks_nothing(index: bytes) -> None:
    assert paths({".git/HEAD": "", ".git/index": index, ".gitignore": "a\n", "a": ""}) == [".gitignore"]


@pytest.mark.skipif(GIT is None, reason="needs git")
def test_the_ignore_files_above_the_root_count_up_to_the_top_of_the_work_tree(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.py\n", "top/.gitignore": "/services/api/secret\n*.log\n"})
    top, root = tmp_path / "top", tmp_path / "top/services/api"
    write(root, {"secret": "", "a.log": "", "deep/secret": "", "a.py": "", "b.tmp": ""})
    git(top, "init", "--quiet")
    (top / ".git/info/exclude").write_text("*.tmp\n")
    found = survey(DiskTree(root))
    assert [file.path for file in found.files] == ["a.py", "deep/secret"]
    assert not found.is_git_root
    assert survey(DiskTree(top)).is_git_root


def test_a_root_that_is_ignored_itself_is_read_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, {".git/HEAD": "ref: x\n", ".gitignore": "build/\n*.py\n", "build/shop/a.py": ""})
    assert [file.path for file in discover(DiskTree(tmp_path / "build/shop"))] == ["a.py"]


def test_the_git_file_of_a_submodule_marks_a_top_without_a_store() -> None:
    found = survey(MemoryTree({".git": "gitdir: ../.git/modules/x\n", ".gitignore": "b\n", "a": "", "b": ""}))
    assert ([file.path for file in found.files], found.is_git_root) == ([".gitignore", "a"], True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links and pipes")
def test_nothing_outside_of_the_root_is_listed_or_read(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(tmp_path, {"outside/secret": "s", "root/inside/a.py": "x = 1\n"})
    (root / "to-folder").symlink_to(tmp_path / "outside")
    (root / "to-file").symlink_to("../outside/secret")
    (root / "inner-folder").symlink_to("inside")
    (root / "inner-file").symlink_to("inside/a.py")
    (root / "loop").symlink_to("loop")
    (root / "nowhere").symlink_to("missing")
    os.mkfifo(root / "pipe")
    tree = DiskTree(root)
    assert [file.path for file in discover(tree)] == ["inner-file", "inside/a.py"]
    assert tree.read("inner-file") == b"x = 1\n"
    for path in (
        "to-folder/secret",
        "to-file",
        "../outside/secret",
        "/etc/passwd",
        "inner-folder/a.py",
        "pipe",
        "loop",
    ):
        with pytest.raises(OSError, match=path):
            tree.read(path)
    for folder in ("to-folder", "..", "inner-folder", "missing"):
        with pytest.raises(OSError, match=re.escape(folder)):
            list(tree.entries(folder))


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of arbitrary bytes")
def test_a_name_that_is_no_utf_8_is_still_a_file(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.py")).write_text("x = 1\n")
    (tmp_path / ".gitignore").write_bytes(b"b\xff*\n")
    (tmp_path / os.fsdecode(b"b\xff")).touch()
    assert [os.fsencode(file.path) for file in discover(DiskTree(tmp_path))] == [b".gitignore", b"a\xff.py"]


def test_a_folder_that_cannot_be_read_is_told_and_the_walk_goes_on() -> None:
    class Locked(MemoryTree):
        def entries(self, folder: str) -> Iterator[Entry]:
            if folder == "locked":
                raise PermissionError(13, "Permission denied", folder)
            return super().entries(folder)

    found = survey(Locked({"locked/a": "", "b": ""}))
    assert [file.path for file in found.files] == ["b"]
    assert [(skipped.path, skipped.reason) for skipped in found.skipped] == [
        ("locked/", "cannot be read: Permission denied")
    ]
    with pytest.raises(FileNotFoundError):
        survey(DiskTree("/nonexistent-root"))


def test_an_unsaved_buffer_stands_in_the_place_of_the_file() -> None:
    tree = OverlayTree(MemoryTree({"a.py": "old", "b.py": ""}), {"a.py": b"newer", "new/c.py": b"x"})
    assert [(file.path, file.size) for file in discover(tree)] == [("a.py", 5), ("b.py", 0), ("new/c.py", 1)]
    assert (tree.read("a.py"), tree.read("a.py", 3), tree.read("b.py")) == (b"newer", b"new", b"")
    with pytest.raises(FileNotFoundError):
        tree.read("d.py")


@pytest.mark.parametrize("path", ["/a", "a//b", "../a", "a/./b", ""])
def test_a_tree_in_memory_has_relative_paths_only(path: str) -> None:
    with pytest.raises(ValueError, match="not a relative path"):
        MemoryTree({path: ""})


@pytest.mark.parametrize(
    ("kind", "members"),
    {
        Kind.PYTHON: "app.py migrations/env.py gunicorn.conf.py start.py",
        Kind.SETUP_PY: "setup.py",
        Kind.DOCKERFILE: "Dockerfile Containerfile docker/Dockerfile.prod web.Dockerfile Dockerfile-api api.dockerfile",
        Kind.DOCKERIGNORE: ".dockerignore Dockerfile.dockerignore docker/web.Dockerfile.dockerignore",
        Kind.COMPOSE: "compose.yaml docker-compose.yml docker-compose.override.yml compose.prod.yml compose-dev.yaml",
        Kind.PROCFILE: "Procfile Procfile.dev",
        Kind.REQUIREMENTS: "requirements.txt requirements-dev.txt dev-requirements.in reqs/base.txt constraints.txt",
        Kind.LOCK: "uv.lock poetry.lock Pipfile.lock pylock.prod.toml",
        Kind.ENV: ".env .env.production .env.example prod.env env.example .envs/.production/.django .flaskenv",
        Kind.GITHUB_WORKFLOW: ".github/workflows/ci.yml",
        Kind.GITHUB_ACTION: ".github/actions/deploy/action.yml action.yaml",
        Kind.GITLAB_CI: ".gitlab-ci.yml .gitlab/ci/deploy.yml",
        Kind.CIRCLECI: ".circleci/config.yml",
        Kind.NGINX: "nginx.conf docker/nginx/default.conf nginx/templates/default.conf.template sites-enabled/shop",
        Kind.SYSTEMD: "deploy/shop.service shop.service.d/override.conf",
        Kind.SUPERVISOR: "supervisord.conf deploy/supervisor.conf",
        Kind.UWSGI: "uwsgi.ini shop_uwsgi.ini",
        Kind.SHELL: "deploy.sh bin/release scripts/migrate docker/entrypoint docker-entrypoint start run_web",
        Kind.MAKEFILE: "Makefile GNUmakefile deploy.mk",
        Kind.JUSTFILE: "justfile",
        Kind.FLY: "fly.toml fly.staging.toml",
        Kind.RENDER: "render.yaml",
        Kind.RAILWAY: "railway.json railway.toml",
        Kind.ECS: "task-definition.json deploy/taskdef-prod.json",
        Kind.BEANSTALK: ".ebextensions/01.config .platform/hooks/predeploy/01_migrate.sh",
        Kind.TEMPLATE: "Dockerfile.j2 nginx.service.j2 Dockerfile.in .env.j2 x.tmpl",
        Kind.INI: "alembic.ini tox.ini",
        Kind.YAML: "k8s/web.yaml api/.github/workflows/ci.yml app.yaml",
        None: "README.md Dockerfile.md LICENSE src/env.ts Procfile.bak.md a.png",
    }.items(),
    ids=str,
)
def test_a_name_tells_the_kind(kind: Kind | None, members: str) -> None:
    assert {path: classify(path) for path in members.split()} == dict.fromkeys(members.split(), kind)


@pytest.mark.parametrize(
    ("path", "content", "kind"),
    [
        ("production.yml", "# prod\nservices:\n\n  # web\n  web:\n    image: shop\n", Kind.COMPOSE),
        ("stack.yml", "version: '3'\nservices: # all\n    web:\n        ports: []\n        build: .\n", Kind.COMPOSE),
        ("local.yml", "services:\r\n  web:\r\n    image: x\r\n", Kind.COMPOSE),
        ("conf.yml", "services:\n  - name: a\n    image: b\n", Kind.YAML),
        ("conf.yml", "services:\n- name: a\n  image: b\n", Kind.YAML),
        ("conf.yml", "services:\n  web: 1\nother:\n  x:\n    image: y\n", Kind.YAML),
        ("conf.yml", "jobs:\n  t:\n    services:\n      db:\n        image: x\n", Kind.YAML),
        ("k8s/a.yaml", "apiVersion: apps/v1\nkind: Deployment\n", Kind.KUBERNETES),
        ("k8s/a.yaml", "# x\n---\nkind: Service\nmetadata: {}\napiVersion: v1\n", Kind.KUBERNETES),
        ("dev.yaml", "apiVersion: skaffold/v4beta6\nkind: Config\n", Kind.SKAFFOLD),
        ("a.yaml", "apiVersion: {{ .Values.api }}\nkind: x\n", Kind.TEMPLATE),
        ("a.yaml", "{% if x %}\na: 1\n", Kind.TEMPLATE),
        ("app.yaml", "runtime: python312\n", Kind.APP_ENGINE),
        ("template.yaml", "Transform: AWS::Serverless-2016-10-31\n", Kind.CLOUDFORMATION),
        ("site.yml", "---\n# all\n- name: web\n  become: true\n  hosts: web\n", Kind.ANSIBLE),
        ("user-data.yml", "#cloud-config\nruncmd: []\n", Kind.CLOUD_INIT),
        ("a.yml", "a: 1\n", Kind.YAML),
        ("Dockerfile", "nonsense\n", Kind.DOCKERFILE),
        ("Dockerfile", b"\x7fELF\0\0", Kind.DOCKERFILE),
        ("Dockerfile", "FROM {{ image }}\n", Kind.TEMPLATE),
        ("Dockerfile", "FROM x\nRUN docker inspect --format '{{ .Id }}'\n", Kind.DOCKERFILE),
        ("Dockerfile.notes", "Remember to\n", Kind.OTHER),
        ("Dockerfile.web", "# syntax=x\n\nARG A\nFROM x\n", Kind.DOCKERFILE),
        ("deploy/web.conf", "[program:web]\ncommand=x\n", Kind.SUPERVISOR),
        ("deploy/conf.d/web.conf", "; x\n[program:web]\n", Kind.SUPERVISOR),
        ("deploy/web.conf", "upstream app {\n", Kind.NGINX),
        ("shop.ini", "[uwsgi]\nmodule = x\n", Kind.UWSGI),
        ("shop.conf", "a = b\n", Kind.OTHER),
        ("bin/manage", "#!/usr/bin/env python3\n", Kind.PYTHON),
        ("bin/build", "#!/usr/bin/env node\n", Kind.OTHER),
        ("bin/migrate", "set -e\n", Kind.SHELL),
        ("bin/tool", b"\x7fELF\0\0", Kind.OTHER),
        ("compose/django/celery", "#! /bin/bash -e\n", Kind.SHELL),
        ("LICENSE", "MIT\n", Kind.OTHER),
    ],
)
def test_the_content_tells_the_kind_where_the_name_does_not(path: str, content: str | bytes, kind: Kind) -> None:
    assert kinds({path: content}) == {path: kind}


@given(path=st.sampled_from(["a.yml", "Dockerfile.x", "bin/x", "a.conf", "a.ini"]), head=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_have_a_kind_or_none(path: str, head: bytes) -> None:
    assert classify_content(path, head) in (None, *Kind)


def test_a_chart_holds_values_and_templates() -> None:
    files = {
        "chart/Chart.yaml": (
            "name: x\ndependencies:\n- repository: https://example.com\n  name: redis\n- {name: own, version: 1.0.0}\n"
        ),
        "chart/values.yaml": "a: 1\n",
        "chart/values-prod.yaml": "a: 1\n",
        "chart/templates/web.yaml": "apiVersion: v1\nkind: Pod\n",
        "chart/templates/tests/a.yaml": "",
        "chart/charts/redis/Chart.yaml": "",
        "chart/charts/own/Chart.yaml": "",
        "chart/charts/own/templates/web.yaml": "",
        "templates/a.html": "",
    }
    assert kinds(files) == {
        "chart/Chart.yaml": Kind.HELM_CHART,
        "chart/charts/own/Chart.yaml": Kind.HELM_CHART,
        "chart/charts/own/templates/web.yaml": Kind.HELM_TEMPLATE,
        "chart/templates/tests/a.yaml": Kind.HELM_TEMPLATE,
        "chart/templates/web.yaml": Kind.HELM_TEMPLATE,
        "chart/values-prod.yaml": Kind.HELM_VALUES,
        "chart/values.yaml": Kind.HELM_VALUES,
        "templates/a.html": Kind.OTHER,
    }


def test_four_thousand_files_are_walked_quickly(tmp_path: Path) -> None:
    for folder in range(200):
        write(tmp_path, {f"app{folder % 10}/pkg{folder}/m{number}.py": "" for number in range(20)})
    write(
        tmp_path, {".gitignore": "*.py[cod]\n__pycache__/\n/build/\n*.egg-info/\n.env\n!.env.example\ndocs/_build/\n"}
    )
    tree = DiskTree(tmp_path)
    best = min(_seconds(tree) for _ in range(5))
    # An idle machine needs 0.06 s; the bound leaves room for a busy one.
    assert best < 0.3


def _seconds(tree: DiskTree) -> float:
    started = time.process_time()
    assert len(discover(tree)) == 4001
    return time.process_time() - started
