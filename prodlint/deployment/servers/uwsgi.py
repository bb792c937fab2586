"""uWSGI's settings: UWSGI_ variables, words of the command and configuration files, in the order they are met.

Measured with uWSGI 2.0.30 (`--show-config`): variables come first, a file counts where it is named, a
repeated option of a list adds to it and any other replaces what was there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.commands.grammar import Option, head
from prodlint.deployment.filemap import absolute
from prodlint.deployment.servers.bind import Bind, bind_of_word, split_address
from prodlint.deployment.servers.layers import Context, Layers
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Settings, converted, default_of, joined, text_of
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value, per_cpu
from prodlint.record import Record, State, replace
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word
from prodlint.syntax.yaml import Mapping, Scalar, Sequence

__all__ = ["configure_uwsgi", "uwsgi_files"]

_FILES = {"ini": ".ini", "yaml": ".yaml", "json": ".json", "xml": ".xml", "config": ""}
_EXTENSIONS = (".ini", ".yaml", ".yml", ".json", ".xml", ".cfg")
_LOOPS = frozenset({"for", "for-glob", "for-times", "for-readline"})
_ENDS = frozenset({"endif", "end-if", "endfor", "end-for"})
_ASKS_FILES = frozenset("if-file if-not-file if-exists ifexists if-not-exists".split())
_DEPTH = 8
_OPTIONS = 5_000
_PROTOCOLS = {"http": "http", "http_socket": "http", "https": "https", "socket": "uwsgi", "fastcgi_socket": "fastcgi"}
_PLACEHOLDER = regex(r"%\(([^()]*)\)|\$\(([^()]*)\)|@\([^()]*\)|%([A-Za-z])")


class _Entry(Record):
    """One option as a configuration file has it; the value is None for a name that stands alone."""

    name: str
    value: Text | None
    span: Span


class _Met(State):
    """An option as it was met: its value before placeholders are replaced, then after."""

    name: str
    value: Text | Word | None
    span: Span
    origin: str
    file: str | None = None
    doubt: str | None = None
    word: Word | None = None
    driver: _Driver | None = None
    around: tuple[_Condition, ...] = ()


class _Driver(Record):
    """The variable that decides whether an option counts, and whether it does when that is set.

    One that is `exact` has to have a value of its own for it.
    """

    name: str
    when_set: bool
    exact: bool = False


class _Condition(Record):
    """Whether what stands below a condition counts, and what `%(_)` is there."""

    answer: Answer
    driver: _Driver | None = None
    subject: Part | None = None


class _Loading:
    """One start of uWSGI: the options met so far, in their order.

    Placeholders are replaced when all are met: `%(name)` is the first option of that name, as it
    stands by then. Conditions and files count where they are met.
    """

    def __init__(self, context: Context, layers: Layers) -> None:
        self.context = context
        self.layers = layers
        self.met: list[_Met] = []
        self.first: dict[str, _Met] = {}
        self.words: dict[str, list[Word]] = {}
        self.loaded: list[str] = []
        # Options that only count so far while a variable is not set.
        self.only_unset: set[str] = set()

    def option(self, met: _Met) -> None:
        """An option is met."""
        option = self._known(met.name)
        if option is not None and option.own in _FILES and met.value is not None:
            self.file(self._word(met) or Word((), met.span), met.around)
            return
        self._meet(met)
        if option is not None and option.own in ("set_placeholder", "set") and isinstance(met.value, Text):
            key, equals, _ = met.value.value.partition("=")
            if equals:
                self._meet(replace(met, name=key, value=met.value.slice(len(key) + 1)))

    def _known(self, name: str) -> Option | None:
        return self.layers.grammar.by_spelling.get(name if name.startswith("-") else f"--{name}")

    def _meet(self, met: _Met) -> None:
        self.met.append(met)
        if met.value is not None:
            self.first.setdefault(met.name.lstrip("-"), met)

    def file(self, word: Word, around: tuple[_Condition, ...] = ()) -> None:
        """A configuration file, or a section of one: `uwsgi.ini:production`, `:base` for one of the same file."""
        value = text_of(word, self.context.lookup)
        written = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
        if written is None:
            self._forget("the name of uWSGI's configuration file is not known")
            return
        name, _, section = written.partition(":")
        if not name and self.loaded:
            name = self.loaded[-1]
        path = self.context.locate(name)
        if path is None:
            # One that is only read where it is there, and is not here, changes nothing that is written here.
            if all(one.answer is not UNKNOWN for one in around):
                self._forget(f"the configuration file {name} is not in this repository")
            else:
                # A safeguard may well be what it brings.
                self.layers.say("need_app", Unknown(f"{name} may set it", word.span), word.span, name)
            return
        if len(self.loaded) >= _DEPTH or len(self.met) > _OPTIONS:
            return
        self.loaded.append(name)
        entries = _entries(self.context, path, section or "uwsgi")
        if entries is None:
            self._forget(f"{path} cannot be read")
        else:
            self._run(entries, name, path, around)
        self.loaded.pop()

    def _forget(self, reason: str) -> None:
        self.met.clear()
        self.layers.forget(reason)

    def _run(self, entries: Iterator[_Entry], name: str, path: str, around: tuple[_Condition, ...]) -> None:
        """The options of a file in their order, with what its conditions say and those around its name."""
        conditions = list(around)
        for entry in entries:
            if len(self.met) > _OPTIONS:
                return
            key = entry.name
            if key.startswith(("if-", "ifenv", "ifexists", "ifdir")) or key in _LOOPS:
                conditions.append(self._holds(key, entry.value))
            elif key in _ENDS:
                if len(conditions) > len(around):
                    conditions.pop()
            elif all(one.answer is not NO for one in conditions):
                open_ones = [one.driver for one in conditions if one.answer is UNKNOWN]
                doubt = f"a condition of {path} decides" if open_ones else None
                met = _Met(key, entry.value, entry.span, path, name, doubt)
                met.driver = open_ones[0] if len(open_ones) == 1 else None
                met.around = tuple(conditions)
                self.option(met)

    def _holds(self, key: str, text: Text | None) -> _Condition:
        """Whether what follows a condition counts; `%(_)` is what the condition asks about."""
        if text is None or key in _LOOPS:
            return _Condition(UNKNOWN)
        if key in _ASKS_FILES:
            # What is not in the repository may be brought by whoever runs it.
            is_there = YES if self.context.locate(text.value.strip()) is not None else UNKNOWN
            return _Condition(~is_there if "not" in key else is_there, subject=Literal(text, True))
        if key not in ("if-env", "ifenv", "if-not-env"):
            return _Condition(UNKNOWN, subject=Literal(text, True))
        variable, equals, wanted = text.value.partition("=")
        variable = variable.strip()
        subject = Expansion(variable, text.span, quoted=True)
        value = self.context.lookup(variable)
        if value is None:
            result = NO
        elif isinstance(value, Known):
            result = YES if not equals or value.value == wanted else NO
        else:
            is_open = isinstance(value, EnvDriven) and value.default is None
            is_asked = key != "if-not-env"
            driver = _Driver(variable, is_asked, bool(equals)) if is_open and (is_asked or not equals) else None
            return _Condition(UNKNOWN, driver, subject)
        return _Condition(~result if key == "if-not-env" else result, subject=subject)

    def finish(self) -> None:
        """Everything was met: placeholders are replaced, and the options have their say."""
        for met in self.met:
            met.word = self._word(met)
            option = self._known(met.name)
            if option is None or option.own in ("flags", "attached"):
                continue
            if met.doubt is not None:
                self.layers.say(option.name, self._driven(option, met), met.span, met.origin)
            else:
                self._say(option, met.word, met.span, met.origin)

    def _driven(self, option: Option, met: _Met) -> Value[object]:
        """What an option is that counts only when a variable is set, or only when it is not."""
        unknown = Unknown(met.doubt or "a condition decides", met.span)
        if met.driver is None:
            return unknown
        name = met.driver.name
        said = self.layers.said.get(option.name)
        before = said[-1].value if said else Known(default_of(option), met.span)
        if not said and name == f"UWSGI_{option.own.upper()}":
            # uWSGI reads UWSGI_PROCESSES by itself.
            before = EnvDriven(name, default_of(option), met.span)
        if isinstance(before, EnvDriven) and before.name == name:
            unset, form, is_bare = before.default, before.form, option.name in self.only_unset
        elif isinstance(before, Known):
            unset, form, is_bare = before.value, _form_of(before.value), before.value in (None, ())
        else:
            return unknown
        own = self._own_value(option, met.word, met.span)
        if met.driver.exact:
            return EnvDriven(name, unset, met.span, form=None)
        if met.driver.when_set:
            self.only_unset.discard(option.name)
            is_whole = is_bare or option.kind != "list"
            return EnvDriven(name, unset, met.span, form=self._form(own, name) if is_whole else None)
        if not isinstance(own, Known):
            return unknown
        if is_bare:
            self.only_unset.add(option.name)
        held = (*unset, *own.value) if isinstance(unset, tuple) and isinstance(own.value, tuple) else own.value
        return EnvDriven(name, held, met.span, form=form)

    def _form(self, own: Value[object], variable: str) -> str | None:
        """What an option is once the variable of its condition is set; None when more than that variable decides."""
        if isinstance(own, EnvDriven) and own.name == variable:
            return own.form
        return _form_of(own.value) if isinstance(own, Known) else None

    def _own_value(self, option: Option, word: Word | None, span: Span) -> Value[object]:
        if option.kind == "list" and word is not None:
            return joined([text_of(word, self.context.lookup)], span)
        if word is None or (option.kind in ("flag", "attached") and not word.parts):
            return Known(True, span)
        if option.kind == "int" and word.written.strip() == "%k":
            return per_cpu(span=span)
        return converted(option.kind, text_of(word, self.context.lookup))

    def _say(self, option: Option, word: Word | None, span: Span, origin: str) -> None:
        if option.kind != "list":
            words = () if word is None else (word,)
            self.layers.say(option.name, self._own_value(option, word, span), span, origin, words)
            return
        held = self.words.setdefault(option.name, [])
        held.extend([word] if word is not None else [])
        value = joined([text_of(one, self.context.lookup) for one in held], span)
        self.layers.say(option.name, value, span, origin, tuple(held))

    def _word(self, met: _Met) -> Word | None:
        """A value with its placeholders replaced: `%(name)`, `$(VARIABLE)`, `%d` for the file's folder."""
        if not isinstance(met.value, Text):
            return met.value
        text = met.value
        parts: list[Part] = []
        at = 0
        for found in _PLACEHOLDER.finditer(text.value):
            span = text.span_of(*found.span())
            replaced = _subject(met.around) if found[1] == "_" else None
            replaced = replaced or self._placeholder(found[1], found[2], found[3], span, met.file)
            if replaced is None:
                continue
            if found.start() > at:
                parts.append(Literal(text.slice(at, found.start()), True))
            parts.extend(replaced)
            at = found.end()
        if at < len(text.value):
            parts.append(Literal(text.slice(at), True))
        # Placeholders that hold placeholders may grow without end.
        return Word(tuple(parts[:200]), text.span)

    def _placeholder(
        self, own: str | None, variable: str | None, magic: str | None, span: Span, file: str | None
    ) -> tuple[Part, ...] | None:
        if own is not None:
            held = self.first.get(own)
            if held is None:
                return None
            if held.word is not None:
                return held.word.parts
            return (Literal(held.value, True),) if isinstance(held.value, Text) else None
        if variable is not None:
            return (Expansion(variable, span, quoted=True),)
        path = absolute(file, self.context.step.directory) if magic is not None and file is not None else None
        if path is None or magic is None or file is None:
            return None if magic is not None and file is None else (Substitution(span, True),)
        folder, base = posixpath.split(path)
        stem, extension = posixpath.splitext(base)
        values = {"p": path, "s": base, "d": folder.rstrip("/") + "/", "n": stem, "e": extension[1:], "o": file}
        values["c"] = posixpath.basename(folder)
        if self.context.step.directory is not None:
            values["v"] = self.context.step.directory
        return (Literal(Text.at(values[magic], span), True),) if magic in values else None


def _subject(around: tuple[_Condition, ...]) -> tuple[Part, ...] | None:
    """What the innermost condition asks about."""
    subject = around[-1].subject if around else None
    return None if subject is None else (subject,)


def _form_of(held: object) -> str | None:
    if isinstance(held, tuple):
        held = held[0] if len(held) == 1 else None
    return str(held) if isinstance(held, str | int) and held != "" else None


def _entries(context: Context, path: str, section: str) -> Iterator[_Entry] | None:
    if path.endswith((".yaml", ".yml")):
        documents = context.repository.yaml(path)
        node = documents[0].root if documents else None
        held = node.get(section) if isinstance(node, Mapping) else None
        return _yaml_entries(held) if isinstance(held, Mapping) else None
    if path.endswith(".json"):
        return None
    document = context.repository.ini(path)
    if document is None:
        return None
    return _ini_entries([option for part in document.sections if part.name == section for option in part.options])


def _yaml_entries(mapping: Mapping) -> Iterator[_Entry]:
    for key, value in mapping.pairs:
        if not isinstance(key, Scalar):
            continue
        for one in value.items if isinstance(value, Sequence) else (value,):
            if isinstance(one, Scalar):
                yield _Entry(key.value, one.text, one.span)


def _ini_entries(options: list[object]) -> Iterator[_Entry]:
    """uWSGI knows no continuation lines: what is indented below an option is one of its own."""
    from prodlint.syntax.ini import Option as IniOption

    for option in options:
        assert isinstance(option, IniOption)
        lines = option.value.value.split("\n")
        yield _Entry(option.name, option.value.slice(0, len(lines[0])) if option.delimiter else None, option.span)
        at = len(lines[0]) + 1
        for line in lines[1:]:
            name, equals, value = line.partition("=")
            start = at + len(name) + 1 + len(value) - len(value.lstrip())
            text = option.value.slice(start, at + len(line)) if equals else None
            span = option.value.span_of(at, at + len(line)) if line else option.span
            if name.strip():
                yield _Entry(name.strip(), text, span)
            at += len(line) + 1


def uwsgi_files(server: Server) -> tuple[Word, ...]:
    """The configuration files that a uWSGI command names."""
    named = [
        given.value
        for given in server.parsed.given
        if given.option is not None and given.option.own in _FILES and given.value is not None
    ]
    return (*named, *(word for word in server.parsed.positional if head(word).partition(":")[0].endswith(_EXTENSIONS)))


def configure_uwsgi(context: Context, layers: Layers) -> Server:
    """The server with all that its files, its variables and its command say; with its app and its import path."""
    server = context.server
    loading = _Loading(context, layers)
    for name, value in context.set_variables("UWSGI_"):
        if isinstance(value, Known):
            text = Text.at(value.value, value.span)
            loading.option(_Met(name[6:].lower().replace("_", "-"), text, value.span, name))
    if server.parsed.loose:
        layers.forget(f"{server.parsed.loose[0].written} may hold more options")
    for given in server.parsed.given:
        content = given.value.content if given.value is not None else None
        origin = f"{given.written} on the command line"
        loading.option(_Met(given.written, content or given.value, given.span, origin))
    for word in server.parsed.positional:
        if head(word).partition(":")[0].endswith(_EXTENSIONS):
            loading.file(word)
    loading.finish()
    settings = layers.settings()
    files = uwsgi_files(server)
    path = context.locate((files[0].literal or "").partition(":")[0]) if files else None
    target, is_file = _target(settings, server)
    reload = settings.value("reload")
    on = isinstance(reload, Known) and isinstance(reload.value, int) and reload.value > 0
    return replace(
        server,
        settings=settings,
        binds=tuple(_binds(context, settings)),
        configuration=path,
        target=target,
        target_file=context.locate(_path(target)) if is_file else None,
        folders=_folders(settings),
        reload=YES if on else server.reload,
        reload_span=settings["reload"].source.span if on else server.reload_span,
    )


def _path(target: Value[str]) -> str:
    return target.value.rpartition(":")[0] if isinstance(target, Known) else ""


def _folders(settings: Settings) -> tuple[str, ...]:
    folders: list[str] = []
    for name in ("pythonpath", "chdir"):
        held = settings.known(name)
        folders.extend(held if isinstance(held, tuple) else [held] if isinstance(held, str) else [])
    return tuple(folders)


def _target(settings: Settings, server: Server) -> tuple[Value[str], bool]:
    """The app, `module:callable`, and whether it is named by its file."""
    attribute = settings.known("callable")
    for name in ("module", "wsgi_file", "mount"):
        value = settings.value(name)
        if isinstance(value, Known) and value.value in (None, ()):
            continue
        if isinstance(value, Unknown):
            if settings.doubt is not None and settings[name].source.origin.startswith("default of"):
                continue
            return value, False
        held = value.value if isinstance(value, Known) else value.default
        if isinstance(held, tuple):
            held = str(held[0]).partition("=")[2] if held else ""
        text = str(held or "")
        is_file = name == "wsgi_file" or text.endswith(".py")
        if is_file or ":" not in text:
            text = f"{text}:{attribute}"
        if isinstance(value, Known):
            return Known(text, value.span), is_file
        form = value.form if text == held else None
        return EnvDriven(value.name, text if held else None, value.span, form=form), False
    reason = settings.doubt or "neither its command nor its configuration names an app"
    return Unknown(reason, server.span), False


def _binds(context: Context, settings: Settings) -> Iterator[Bind]:
    protocol = settings.known("protocol")
    for name, spoken in _PROTOCOLS.items():
        setting = settings[name]
        said = str(protocol) if name == "socket" and protocol is not None else spoken
        value = setting.value
        if isinstance(value, EnvDriven) and not setting.source.words and isinstance(value.default, tuple):
            form = value.form if len(value.default) == 1 else None
            driven = [EnvDriven(value.name, str(text), value.span, form=form) for text in value.default]
            yield from (split_address(one, None, said) for one in driven)
        elif isinstance(value, Unknown) and not setting.source.words and len(setting.sources) > 1:
            yield split_address(value, None, said)
        for word in setting.source.words:
            address = word
            literal = word.literal
            if name == "https" and literal is not None and "," in literal and word.content is not None:
                address = Word.of(word.content.slice(0, literal.index(",")))
            yield bind_of_word(address, context.lookup, None, said)
