"""Generated Helm charts: values of every sort that YAML has, and templates that ask much of them.

In a pattern `<S>` is any value, `<T>` one as a text, `<C>` a condition.
"""

import json
import re

from hypothesis import strategies as st

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          image: shop
          args:
            - start
{ARGS}
          envFrom:
            - configMapRef: {name: settings}
          env:
            - {name: FIRST, value: "1"}
{ENV}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  LAST: "1"
{DATA}
"""
HELPERS = """\
{{- define "shop.name" -}}
{{- default .Chart.Name .Values.a | toString | trunc 5 | trimSuffix "-" -}}
{{- end -}}
{{- define "shop.pairs" }}
x: {{ .x | quote }}
y: {{ toJson .y | quote }}
{{- end -}}
"""
PLAIN = (
    "yes off y 0755 1_000 ~ null 1e3 .5 0x1F 0o17 0b11 22:22 2024-01-01 "
    "1.10 08 +5 -0 1000000 123456789 1.5e10 a.b 1234567.5 0.00001234 1.5e300"
)
SCALARS = st.one_of(
    st.sampled_from(PLAIN.split()),
    st.integers(-10_000_000, 10_000_000).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda number: json.dumps(number or 0.0)),
    st.booleans().map(json.dumps),
    st.lists(st.sampled_from(["word", "a" * 30, "it's", "x: y", " ", "é", "#", '"']), min_size=10, max_size=30).map(
        lambda words: json.dumps(" ".join(words))
    ),
    st.text("ab XY01.-_:#'\"\\{}[]&*!|>%@`,=~?\n\té☃", max_size=8).map(json.dumps),
)
LISTS = st.lists(SCALARS, max_size=3).map(lambda items: f"[{', '.join(items)}]")


def mapping(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    keys = st.sampled_from(["k", "a-b", "n", "on", "5"])
    return st.dictionaries(keys, values, max_size=3).map(
        lambda pairs: "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in pairs.items()) + "}"
    )


MAPPINGS = mapping(SCALARS | LISTS | mapping(SCALARS))
VALUES = st.fixed_dictionaries(
    {"a": SCALARS, "b": SCALARS, "l": LISTS, "d": MAPPINGS, "e": MAPPINGS}, optional={"c": SCALARS | LISTS | MAPPINGS}
).map(lambda found: "".join(f"{key}: {value}\n" for key, value in found.items()))

TOLD = (
    "$.Values.a $.Values.b $.Values.c $.Values.l $.Values.d $.Values.d.k "
    '"text" 7 1.5 true $.Chart.Name $.Chart.AppVersion'
).split()
NOT_TOLD = ("$.Release.Name", "$.Release.IsUpgrade", '(printf "%s-x" $.Release.Name)')

CONDITIONS = """
<S>
(not <S>)
(and <S> <S>)
(or <S> <S>)
(and <S> (not <S>) (or <S> <S>))
(eq <T> <T>)
(ne <T> <T>)
(empty <S>)
(hasKey .Values "a")
(hasKey .Values "c")
(kindIs "string" <S>)
(kindIs "map" <S>)
(contains "a" <T>)
(has <S> (list 7 true "text"))
(gt (len <T>) 3)
""".strip().splitlines()
EXPRESSIONS = """
<S> | toString
<S> | default <S> | toString
coalesce <S> <S> <S> | toString
ternary <S> <S> (not <C>) | toString
ternary <S> <S> (empty <S>) | toString
printf "%v-%v" <S> <S>
printf "%v%%%v" <S> <S>
printf "%s/%s" <T> <T>
print <S> <S> <S>
cat <S> <S>
<S> | toJson
<S> | toYaml
dict "x" <S> "y" (list <S>) | toJson | fromJson | toJson
dict "x" <S> "y" (list <S>) | toYaml | fromYaml | toJson
(dict "x" <S> | toJson | fromJson).x | toString
<T> | upper
<T> | trunc 3
<T> | trunc -2
<T> | substr 0 3
<T> | trim
<T> | b64enc
<T> | quote
<T> | sha256sum | trunc 8
<T> | replace "a" "bb"
<T> | replace " " ""
<T> | nindent 2 | trimPrefix "\\n"
<T> | len | toString
<T> | splitList "a" | join "+"
kindOf <S>
list <S> <S> | join ","
list <S> <S> | toJson
list <S> <S> | compact | toJson
dict "x" <S> "a b" <S> | toJson
mergeOverwrite (deepCopy .Values.d) .Values.e | toJson
mergeOverwrite dict .Values.d .Values.e | toJson
merge (deepCopy .Values.d) .Values.e | toJson
omit .Values.d "k" "on" | toJson
pick .Values.d "k" "on" | toJson
get .Values.d "k" | toString
dig "k" <S> .Values.e | toString
set (deepCopy .Values.d) "k" <S> | toJson
.Values.a | int | toString
add (len <T>) 3 | toString
concat .Values.l (list <S>) | toJson
append .Values.l <S> | last | toString
include "shop.name" .
include "shop.pairs" (dict "x" <S> "y" <S>) | trim
tpl "{{ .Values.b }}!" .
tpl (printf "{{ %s }}" "7") .
""".strip().splitlines()
CONTROLS = """
{{ if <C> }}a{{ else }}b{{ end }}
{{ if <C> }}a{{ else if <C> }}{{ <T> }}{{ end }}
{{ with <S> }}{{ toString . }}{{ else }}none{{ end }}
{{ range $i, $x := .Values.l }}{{ if $i }},{{ end }}{{ $x }}{{ end }}
{{ range .Values.l }}{{ if <C> }}{{ break }}{{ end }}{{ . }}{{ else }}none{{ end }}
{{ range $k, $v := .Values.d }}{{ $k }}={{ $v | toString }};{{ end }}
{{ $x := <T> }}{{ if <C> }}{{ $x = <T> }}{{ end }}{{ $x | toString }}
{{ $d := dict "x" 1 }}{{ if <C> }}{{ $_ := set $d "x" <S> }}{{ end }}{{ toJson $d }}
{{ $d := dict "x" 1 }}{{ if <C> }}{{ $_ := set $d "y" 2 }}{{ end }}{{ hasKey $d "y" }}
""".strip().splitlines()
ARGS = """

          {{- with .Values.l }}
            {{- toYaml . | nindent 12 }}
          {{- end }}

            {{- range .Values.l }}
            - {{ toString . | quote }}
            {{- end }}

            {{- if <C> }}
            - {{ toJson .Values.d | quote }}
            {{- end }}
            - {{ <T> | quote }}
""".split("\n\n")


@st.composite
def filled(draw: st.DrawFn, patterns: list[str], sources: tuple[str, ...]) -> str:
    """A pattern with values in its places."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "<C>":
            return draw(filled(CONDITIONS, sources))
        source = draw(st.sampled_from(sources))
        return source if found[0] == "<S>" else f"(toString {source})"

    return re.sub("<[STC]>", value, draw(st.sampled_from(patterns)))


@st.composite
def charts(draw: st.DrawFn, is_told: bool) -> dict[str, str]:
    """A chart as its files; all that its templates ask is told by these, or some of it is not."""
    sources = (*TOLD, *(() if is_told else NOT_TOLD))
    patterns = [*CONTROLS * 3, *("{{ " + one + " }}" for one in EXPRESSIONS)]
    texts = draw(st.lists(filled(patterns, sources), min_size=2, max_size=8))
    # What a template of its own comes to can be quoted as a whole.
    definitions = "".join(f'{{{{- define "v{index}" }}}}{text}{{{{ end -}}}}\n' for index, text in enumerate(texts))
    used = ['{{ include "v' + str(index) + '" . | quote }}' for index in range(len(texts))]
    env: list[str] = []
    for index, text in enumerate(used[: len(used) // 2]):
        lines = f"            - name: V{index}\n              value: {text}"
        condition = draw(st.none() | filled(CONDITIONS, sources))
        env.append(
            lines
            if condition is None
            else f"            {{{{- if {condition} }}}}\n{lines}\n            {{{{- end }}}}"
        )
    data = [f"  D{index}: {text}" for index, text in enumerate(used)][len(used) // 2 :]
    template = TEMPLATE.replace("{ARGS}", draw(filled(ARGS, sources)).strip("\n"))
    template = template.replace("{ENV}", "\n".join(env)).replace("{DATA}", "\n".join(data))
    return {
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\nappVersion: 1.10\n",
        "chart/values.yaml": draw(VALUES),
        "chart/templates/_helpers.tpl": HELPERS,
        "chart/templates/web.yaml": definitions + template,
    }
