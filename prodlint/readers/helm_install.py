"""Commands that install a chart: `helm upgrade --install RELEASE CHART -f FILE --set KEY=VALUE`.

Source: Helm, `helm upgrade` and `helm install`; the grammar of `--set` is Helm's `pkg/strvals`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.readers.helm_data import Data, Hidden
from prodlint.record import Entity
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.shell import Command, parse_shell, walk
from prodlint.syntax.word import Literal, Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence, parse_yaml

__all__ = ["Install", "installs", "settings_of"]

_UNTOLD = "\0"
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile", "justfile", "Jenkinsfile")
_VALUED = frozenset(
    "-n --namespace --version --timeout --kube-context --kubeconfig --repo --description --history-max "
    "--name-template --registry-config --repository-config --repository-cache --username --password --labels -l "
    "--ca-file --cert-file --key-file --keyring --kube-apiserver --kube-as-user --kube-as-group --kube-ca-file "
    "--kube-token --kube-tls-server-name --burst-limit --qps --output -o --name --wait-for --color".split()
)
_SETTING = ("--set", "--set-string", "--set-json", "--set-file", "--set-literal")
_MOST = 200


class Install(Entity):
    """One such command: the chart that it names, None when that is computed, and what it gives to it.

    What is computed in the name of a file is `*`. `is_open` says that it gives more than can be told. `named` is what
    the file that holds it calls this way to install. Who works on the code is who installs `for_developers`, unless
    its names say something else.
    """

    chart: str | None
    release: str | None
    namespace: str | None
    files: tuple[str, ...]
    sets: tuple[tuple[tuple[str | int, ...], Data], ...]
    is_open: bool
    span: Span
    named: str = ""
    for_developers: bool = False


@per_repository
def installs(repository: Repository) -> tuple[Install, ...]:
    """Every command of the repository's scripts and pipelines that installs a chart."""
    found: list[Install] = []
    for path in repository.ordered:
        if not may_install(path):
            continue
        data = repository.data(path)
        if data is None or b"helm" not in data or (b"upgrade" not in data and b"install" not in data):
            continue
        source = repository.source(path)
        if source is None:
            continue
        for text in _scripts(source, path):
            for node in walk(parse_shell(text).body):
                install = _install(node) if isinstance(node, Command) else None
                if install is not None and len(found) < _MOST:
                    found.append(install)
    return tuple(found)


def may_install(path: str) -> bool:
    """Whether a file holds commands, as far as its name tells."""
    name = posixpath.basename(path)
    return (
        name.endswith((".sh", ".bash", ".mk"))
        or name in _MAKEFILES
        or (name.endswith((".yml", ".yaml")) and "/templates/" not in path and not name.startswith("values"))
        or ("." not in name and posixpath.basename(posixpath.dirname(path)) in ("bin", "scripts", "script"))
    )


def _scripts(source: Source, path: str) -> Iterator[Text]:
    """The shell of a file: a script as a whole, the texts of a pipeline, the recipes of a makefile."""
    if path.endswith((".yml", ".yaml")):
        try:
            documents = parse_yaml(source)
        except SyntaxProblem:
            return
        for document in documents:
            for scalar in _scalars(document.root):
                if "helm" in scalar.value and ("upgrade" in scalar.value or "install" in scalar.value):
                    yield scalar.text
    elif posixpath.basename(path) not in _MAKEFILES and not path.endswith(".mk"):
        yield source.content
    else:
        yield from _recipes(source)


def _recipes(source: Source) -> Iterator[Text]:
    """The indented lines of a makefile, each with the lines that continue it."""
    begun = at = 0
    for line in source.text.split("\n"):
        end = at + len(line)
        if not line.rstrip("\r").endswith("\\"):
            if source.text[begun : begun + 1] in (" ", "\t") and source.text.find("helm", begun, end) >= 0:
                start = end - len(source.text[begun:end].lstrip(" \t@-"))
                yield Text.verbatim(Span(source, start, end))
            begun = end + 1
        at = end + 1


def _scalars(root: Node | None) -> Iterator[Scalar]:
    waiting: list[Node | None] = [root]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar):
            yield node
        elif id(node) not in seen:
            # An alias is the anchored node itself.
            seen.add(id(node))
            if isinstance(node, Sequence):
                waiting.extend(reversed(node.items))
            elif isinstance(node, Mapping):
                waiting.extend(value for _, value in reversed(node.pairs))


def _install(command: Command) -> Install | None:
    words = list(command.words)
    names = [word.literal for word in words[:3]]
    while names[:1] and names[0] in ("sudo", "exec", "command"):
        del words[0], names[0]
    if not words or posixpath.basename(names[0] or "") != "helm":
        return None
    reader = _Options(words[1:])
    if not reader.plain or reader.plain[0].literal not in ("upgrade", "install"):
        return None
    plain = reader.plain[1:]
    generated = "--generate-name" in reader.flags or len(plain) == 1
    chart = plain[-1] if plain else None
    release = plain[0].literal if len(plain) > 1 and not generated else reader.release
    return Install(
        _chart(chart) if chart is not None else None,
        release,
        reader.namespace,
        tuple(reader.files),
        tuple(reader.sets),
        reader.is_open,
        command.span,
    )


def _chart(word: Word) -> str | None:
    """The path of the chart, as far as it is told."""
    text = spelled(word)
    if _UNTOLD not in text:
        return text
    tail = text.rpartition(_UNTOLD)[2].lstrip("/")
    return tail or None


def spelled(word: Word) -> str:
    """A word with one character in the place of everything that a shell would compute."""
    return "".join(part.text.value if isinstance(part, Literal) else _UNTOLD for part in word.parts)


class _Options:
    """The words of a command sorted by what they are."""

    def __init__(self, words: list[Word]) -> None:
        self.plain: list[Word] = []
        self.flags: set[str] = set()
        self.files: list[str] = []
        self.sets: list[tuple[tuple[str | int, ...], Data]] = []
        self.namespace: str | None = None
        self.release: str | None = None
        self.is_open = False
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            text = spelled(word)
            if not text.startswith("-"):
                # `$OPTIONS` may hold anything.
                if text == _UNTOLD and not word.written.startswith(('"', "'")) and len(self.plain) > 2:
                    self.is_open = True
                else:
                    self.plain.append(word)
                continue
            name, equals, value = text.partition("=")
            if not equals and name in (*_VALUED, *_SETTING, "-f", "--values", "--post-renderer"):
                value = spelled(waiting.pop(0)) if waiting else ""
            elif not equals and name[:2] in ("-f", "-n") and len(name) > 2:
                name, value = name[:2], name[2:]
            self.take(name, value)

    def take(self, name: str, value: str) -> None:
        if name in ("-f", "--values"):
            self.files.extend(part.replace(_UNTOLD, "*") for part in value.split(","))
        elif name in _SETTING:
            found = settings_of(value, name)
            self.is_open = self.is_open or found is None
            self.sets.extend(found or ())
        elif name in ("-n", "--namespace") and _UNTOLD not in value:
            self.namespace = value
        elif name == "--name" and _UNTOLD not in value:
            self.release = value
        elif name in ("--post-renderer", "--reuse-values"):
            self.is_open = True
        else:
            self.flags.add(name)


_ESCAPED = regex(r"\\(.)")
_VALUE = regex(r"((?:[^\\,]|\\.)*),?")
_INTEGER = regex(r"0|-?[1-9]\d{0,17}")
_PART = regex(r"((?:[^\\.,=\[\]]|\\.)+)|\[(\d{1,3})\]|(\.)")


def settings_of(written: str, option: str = "--set") -> list[tuple[tuple[str | int, ...], Data]] | None:
    """What `--set a.b=1,c[0]=x` sets; None when it cannot be told which keys that are."""
    found: list[tuple[tuple[str | int, ...], Data]] = []
    rest = written
    while rest:
        path: list[str | int] = []
        at = 0
        while at < len(rest) and rest[at] != "=":
            part = _PART.match(rest, at)
            if part is None or len(path) > 30:
                return None
            if part[1] is not None:
                path.append(_plain(part[1]))
            elif part[2] is not None:
                path.append(int(part[2]))
            at = part.end()
        if at >= len(rest) or not path or any(_UNTOLD in one for one in path if isinstance(one, str)):
            return None
        value, rest = _value(rest[at + 1 :], option, ".".join(map(str, path)))
        found.append((tuple(path), value))
    return found


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _value(text: str, option: str, key: str) -> tuple[Data, str]:
    """The value of a key at the beginning of a text, and what stands behind its comma."""
    if option in ("--set-json", "--set-literal", "--set-file"):
        untold = option != "--set-literal" or _UNTOLD in text
        return (Hidden(f"{option} gives it", key, True) if untold else text), ""
    if text.startswith("{"):
        inside, _, rest = text[1:].partition("}")
        return [_typed(one, option, key) for one in inside.split(",") if one], rest.removeprefix(",")
    found = _VALUE.match(text)
    if found is None or found.end() == 0:
        return _typed(text, option, key), ""
    return _typed(found[1], option, key), text[found.end() :]


def _typed(text: str, option: str, key: str) -> Data:
    if _UNTOLD in text:
        return Hidden("the pipeline computes it", key, True)
    value = _plain(text)
    if option == "--set-string":
        return value
    if value in ("true", "false"):
        return value == "true"
    if value == "null":
        return None
    return int(value) if _INTEGER.fullmatch(value) else value
