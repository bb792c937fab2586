"""Settings files by chance: programs on names of known types (`I1` a number, `S1` a string, `L1` a list …).

Most of them run to their end. What nobody can know comes from a module `outside`, which real Python gets and static
evaluation does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

__all__ = ["OUTSIDE", "VALUES", "VARIABLES", "Program"]

VARIABLES = ("PORT", "DEBUG", "HOSTS", "NAME")
VALUES = ("", "0", "1", "True", "false", "a,b", "8000", " x ", "yes")

OUTSIDE = """
import random
_chance = random.Random(SEED)
def truth(): return _chance.random() < 0.5
def number(): return _chance.randrange(5)
def text(): return _chance.choice(["", "a", "true", "x,y"])
def items(): return [_chance.randrange(4) for _ in range(_chance.randrange(4))]
def pairs(): return {_chance.choice("abk"): 1 for _ in range(_chance.randrange(3))}
def keep(value): return value
def change(value):
    if isinstance(value, list) and truth():
        value.append("changed")
    elif isinstance(value, dict) and truth():
        value["changed"] = 1
    return value
def maybe():
    if truth():
        raise random.choice([KeyError, ValueError])("by chance")
    return 1
"""

_DEFINITIONS = """\
def F1(a, b=2):
    if a:
        return b
    for x in [1, 2]:
        if x == b:
            return [x]
    return a

def F2(l, d=None):
    l.append('f')
    if d:
        d['f'] = l
    return l

def F3(n, d='no'):
    v = os.environ.get(n)
    if v is None:
        return d
    return v.lower() in ('1', 'true')

class C1:
    x = 1
    l = ['c']
    def __init__(self, y=3):
        self.y = y
    @property
    def z(self):
        return self.x + 1
    def m(self, k):
        return [self.y, k]

class C2(C1):
    x = C1.x + 1
    l = C1.l + ['d']
"""


class Program:
    """A module by chance, one statement for each seed: with fewer seeds it becomes a smaller one."""

    def __init__(self, seeds: Iterable[int], first: Sequence[str] | None = None) -> None:
        imports = ["import os, json, copy, outside", "from pathlib import Path"]
        own = [
            *(f"I{i} = {i}" for i in (1, 2)),
            *(f"S{i} = {text!r}" for i, text in ((1, "a"), (2, "x,y"))),
            "B1 = True",
            "B2 = False",
            "L1 = [1, 'a']",
            "L2 = ['b', 2, 'a']",
            "D1 = {'a': 1, 'k': [1]}",
            "D2 = {'b': 'x'}",
            "P1 = Path(__file__).resolve().parent",
            "K1 = {1, 'a'}",
            _DEFINITIONS,
        ]
        self.lines: list[str] = [*imports, *(own if first is None else first)]
        self._is_function = False
        for seed in seeds:
            self._chance = Random(seed)
            self.statement("", 0)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def pick(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def name(self, kind: str) -> str:
        return kind + self.pick("1", "2")

    def statement(self, indent: str, depth: int, is_loop: bool = False) -> None:
        kinds = ["assign"] * 6 + ["change"] * 5 + ["alias", "unpack", "delete", "environment", "call"]
        if depth < 3:
            kinds += ["if"] * 4 + ["for", "for", "try", "try", "while", "with"]
        if is_loop:
            kinds += ["leave"]
        if self._is_function:
            kinds += ["return"] * 2
        elif not depth:
            kinds += ["function"] * 2
        getattr(self, f"_{self.pick(*kinds)}")(indent, depth)

    def body(self, indent: str, depth: int, is_loop: bool = False) -> None:
        for _ in range(self._chance.randrange(1, 4)):
            self.statement(indent + "    ", depth + 1, is_loop)

    def add(self, indent: str, line: str) -> None:
        self.lines.append(indent + line)

    def _assign(self, indent: str, depth: int) -> None:
        kind = self.pick("I", "S", "B", "L", "D", "X", "K")
        self.add(indent, f"{self.name(kind)} = {self.value(kind)}")

    def _alias(self, indent: str, depth: int) -> None:
        kind = self.pick("L", "D")
        self.add(indent, self.pick(f"{self.name(kind)} = {self.name(kind)}", f"D1['k'] = {self.name('L')}"))

    def _unpack(self, indent: str, depth: int) -> None:
        self.add(
            indent,
            self.pick(
                f"I1, S1 = {self.number()}, {self.string()}",
                f"X1, *X2 = {self.list()} + [0]",
                f"L1, L2 = L2, {self.list()}",
                "X1, X2 = os.environ.get('HOSTS', 'p,q').partition(',')[::2]",
            ),
        )

    def _delete(self, indent: str, depth: int) -> None:
        self.add(
            indent, self.pick("D1.pop('a', None)", "D2.pop('zz', 1)", "D2['t'] = 1; del D2['t']", "X1 = 1; del X1")
        )

    def _environment(self, indent: str, depth: int) -> None:
        variable = self.pick(*VARIABLES)
        self.add(
            indent,
            self.pick(
                f"os.environ.setdefault({variable!r}, {self.pick(*VALUES)!r})",
                f"os.environ[{variable!r}] = {self.string()}",
                f"S1 = os.environ.setdefault({variable!r}, 'q')",
                f"os.environ.pop({variable!r}, None)",
            ),
        )

    def _call(self, indent: str, depth: int) -> None:
        self.add(
            indent,
            self.pick(
                f"outside.change({self.name('L')})",
                f"outside.change({self.name('D')})",
                f"X1 = outside.keep({self.name('L')})",
                f"F2({self.name('L')}, {self.name('D')})",
                f"X2 = F2({self.list()})",
                f"X1 = F1({self.value(self.pick('I', 'B', 'S'))}, {self.number()})",
                f"X1 = F3({self.pick(*VARIABLES)!r}, {self.pick('True', 'False', 'None')})",
                "X1 = C2(5).m(C2.l)",
                "X2 = C1().z",
                "C1.x = 7",
                "C1.l.append(1)",
                f"X1 = getattr(C2, {self.pick('x', 'l', 'no')!r}, None)",
            ),
        )

    def _change(self, indent: str, depth: int) -> None:
        lists, dictionary = self.name("L"), self.name("D")
        self.add(
            indent,
            self.pick(
                f"{lists}.append({self.any()})",
                f"{lists}.extend({self.list()})",
                f"{lists} += {self.list()}",
                f"{lists}.insert({self.pick('0', '1', '-1', '9', 'I1')}, {self.any()})",
                f"{lists}.append('r'); {lists}.remove('r')",
                f"{lists}[0:0] = [9]",
                f"{lists}.reverse()",
                f"{lists} = {lists} + {self.list()}",
                f"{lists} = [*{self.list()}, *{lists}]",
                f"{dictionary}[{self.pick('a', 'b', 'c', 'k')!r}] = {self.any()}",
                f"{dictionary}[{self.string()}] = {self.number()}",
                f"{dictionary}.update({self.dictionary()})",
                f"{dictionary} |= {self.dictionary()}",
                f"{dictionary}.setdefault({self.pick('a', 'k', 'z')!r}, {self.list()})",
                f"X1 = {dictionary}.setdefault('k', []); X1 = list(X1) if isinstance(X1, list) else X1",
                f"{dictionary}.setdefault('n', {{}})['m'] = {self.any()}",
                f"K1.add({self.pick('1', '2', self.string())})",
                "K1 = K1 | {3}",
                f"I1 += {self.number()}",
                f"S1 += {self.string()}",
                f"S2 = S1 + {self.string()}",
            ),
        )

    def _if(self, indent: str, depth: int) -> None:
        self.add(indent, f"if {self.boolean()}:")
        self.body(indent, depth)
        if self.pick("", "elif"):
            self.add(indent, f"elif {self.boolean()}:")
            self.body(indent, depth)
        if self.pick("", "else"):
            self.add(indent, "else:")
            self.body(indent, depth)

    def _for(self, indent: str, depth: int) -> None:
        iterable = self.pick(
            "outside.items()", self.list(), "['p', 'q']", "range(2)", "os.getenv('HOSTS', 'a,b').split(',')"
        )
        self.add(indent, f"for V in list({iterable}):")
        if self.pick("", "use"):
            self.add(indent + "    ", self.pick("L1.append(V)", "D1[V] = 1", "X1 = V", "L2 = L2 + [V]", "S1 += 'v'"))
        self.body(indent, depth, True)
        if self.pick("", "", "else"):
            self.add(indent, "else:")
            self.body(indent, depth)

    def _while(self, indent: str, depth: int) -> None:
        self.add(indent, f"N{depth} = 0")
        self.add(indent, f"while N{depth} < {self.pick('2', '3', 'outside.number()')}:")
        self.add(indent + "    ", f"N{depth} += 1")
        self.body(indent, depth)

    def _leave(self, indent: str, depth: int) -> None:
        self.add(indent, f"if {self.boolean()}:")
        self.add(indent + "    ", self.pick("break", "continue"))

    def _function(self, indent: str, depth: int) -> None:
        self.add("", "def G():")
        self.add("    ", "global I1, I2, S1, S2, B1, B2, L1, L2, D1, D2, X1, X2, K1, V, N0, N1, N2, contextlib")
        self._is_function = True
        self.body("", 0)
        self._is_function = False
        self.add("", "X2 = G()")

    def _return(self, indent: str, depth: int) -> None:
        self.add(indent, f"if {self.boolean()}:")
        self.add(indent + "    ", f"return {self.any()}")

    def _try(self, indent: str, depth: int) -> None:
        self.add(indent, "try:")
        self.body(indent, depth)
        variable = self.pick(*VARIABLES)
        self.add(
            indent + "    ",
            self.pick(
                f"S1 = os.environ[{variable!r}]",
                f"I1 = int(os.environ[{variable!r}])",
                f"I1 = int({self.string()})",
                "outside.maybe()",
                "import missing_module_xyz",
                "X1 = D1['missing']",
                "X1 = L1[9]",
                "X1 = [].nothing",
                "raise ValueError('x')",
            ),
        )
        self.body(indent, depth)
        self.add(
            indent,
            self.pick("except KeyError:", "except (KeyError, ValueError):", "except Exception:", "except Exception:"),
        )
        self.body(indent, depth)
        if self.pick("", "else"):
            self.add(indent, "else:")
            self.body(indent, depth)
        if self.pick("", "", "finally"):
            self.add(indent, "finally:")
            self.body(indent, depth)

    def _with(self, indent: str, depth: int) -> None:
        self.add(indent, "import contextlib")
        self.add(indent, "with contextlib.suppress(KeyError, ValueError):")
        self.body(indent, depth)
        self.add(indent + "    ", self.pick("outside.maybe()", "os.environ['PORT']", "S2 = 'with'"))

    # Expressions

    def value(self, kind: str) -> str:
        makers = {"I": self.number, "S": self.string, "B": self.boolean, "L": self.list, "D": self.dictionary}
        if kind == "K":
            return self.pick("{1, 2}", "set(L1[:0])", "{S1, 'a'}", "K1 | {5}")
        return makers[kind]() if kind in makers else self.any()

    def any(self) -> str:
        return self.value(self.pick("I", "S", "B", "L", "D"))

    def number(self) -> str:
        return self.pick(
            "1",
            "0",
            "I1",
            "I2",
            "len(L1)",
            "len(S1)",
            "I1 * 2 + 1",
            "I1 % 3",
            "-I2",
            "outside.number()",
            "(I1 if B1 else I2)",
            "int(os.environ.get('PORT', '80') or 0) if os.environ.get('PORT', '80').isdigit() else 5",
            "sum([1, I1])",
            "max(I1, I2, 3)",
            "min([I1, 2])",
            "L2.count('a')",
            "hash('') * 0",
            "2 ** 5",
            "round(2.5)",
        )

    def string(self) -> str:
        variable = self.pick(*VARIABLES)
        return self.pick(
            "'a'",
            "''",
            "S1",
            "S2",
            "S1.upper()",
            "S1 + 'b'",
            "f'{S1}-{I1}'",
            "'%s:%s' % (S1, I2)",
            "'{}'.format(S2)",
            "','.join(['p', S1])",
            "S2.split(',')[0]",
            "str(I1)",
            "S1.replace('a', 'z')",
            f"os.environ.get({variable!r}, {self.pick(*VALUES)!r})",
            f"os.getenv({variable!r}, S1)",
            f"(os.environ.get({variable!r}) or 'none')",
            "outside.text()",
            "str(P1 / 'x')",
            "os.path.join(P1, 'y')",
            "P1.name",
            "os.path.dirname(str(P1 / 'z'))",
            "(S1 or S2)",
            "(S1 if B2 else 'c')",
            "repr(I1)",
            "json.loads('[\"j\"]')[0]",
            "str(D1.get('zz', 'd'))",
        )

    def boolean(self) -> str:
        variable = self.pick(*VARIABLES)
        return self.pick(
            "True",
            "B1",
            "not B2",
            "I1 > I2",
            "S1 == 'a'",
            "'a' in L1",
            "'k' in D1",
            "S1 in L2",
            "outside.truth()",
            "outside.truth()",
            "L1 == L2",
            "bool(L1)",
            "len(L2) > 2",
            "1 in K1",
            "S1 is None",
            f"os.environ.get({variable!r}, '0').lower() in ('1', 'true')",
            f"bool(os.getenv({variable!r}))",
            f"{variable!r} in os.environ",
            f"os.environ.get({variable!r}) is None",
            "isinstance(L1, list)",
            "any(x == 1 for x in L1)",
            "all([B1, outside.truth()])",
            "(B1 and outside.truth())",
            "(B2 or I1 == 1)",
            "0 < I1 < 5",
            "D1 == D2",
            "D1 is D2",
            "L1 is L2",
        )

    def list(self) -> str:
        return self.pick(
            "[]",
            "[1]",
            "L1[:]",
            "list(L2)",
            "L1 + ['q']",
            "[I1, S1]",
            "S2.split(',')",
            "[x for x in L1 if x != 'a']",
            "[str(x) for x in L2]",
            "list(D1)",
            "os.environ.get('HOSTS', 'a,b').split(',')",
            "[h.strip() for h in os.environ.get('HOSTS', 'a, b').split(',') if h]",
            "list(filter(None, [S1, '']))",
            "list(map(str, [I1, 2]))",
            "outside.items()",
            "[outside.number(), 'o']",
            "[*L1, *outside.items(), 'end']",
            "sorted([3, I1, 2])",
            "copy.deepcopy(L1)",
            "list(reversed(L2))",
            "[i for i, x in enumerate(L1)]",
            "L1[1:]",
            "[L1, L2][0][:1]",
            "[D1.get('k')]",
            "[(k, 1) for k in D2.keys()]",
            "(L1 if outside.truth() else L1 + [5])",
            "(L1 or [7])",
            "list(dict(zip(['p', 'q'], [1, 2])).items())",
            "[x for x in [1, 2, 3] if outside.truth()]",
            "list({S1})",
            "list((1, S2))",
        )

    def dictionary(self) -> str:
        return self.pick(
            "{}",
            "{'a': I1}",
            "dict(D1)",
            "{**D2, 'c': S1}",
            "dict(b=2)",
            "{S1: I1}",
            "{k: 1 for k in ['x', 'y']}",
            "{'k': L1}",
            "{'n': {'m': S2}}",
            "copy.copy(D2)",
            "copy.deepcopy(D1)",
            "D1 | {'u': B1}",
            "outside.pairs()",
            "{**outside.pairs(), 'z': 1}",
            "{'z': 1, **outside.pairs()}",
            "dict([('a', S2)])",
            "({'t': 1} if outside.truth() else {'t': 1, 'e': 2})",
            "{'h': os.environ.get('NAME', 'h'), 'p': 1}",
        )
