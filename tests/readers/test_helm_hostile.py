"""Charts that nobody meant well: templates and values that go on without end, and damaged files."""

import pytest
from helm_shop import CHART, chart_of, pod, processes, unread, with_command
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.link import link
from prodlint.deployment.repository import Repository
from prodlint.readers import declare


@pytest.mark.parametrize(
    "template",
    [
        '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
        "".join(
            '{{ define "A" }}{{ include "B" . }}{{ include "B" . }}{{ end }}'.replace("A", f"{n}").replace(
                "B", f"{n + 1}"
            )
            for n in range(24)
        )
        + '{{ define "24" }}xxxxxxxxxx{{ end }}{{ include "0" . }}',
        "{{ range until 9999 }}{{ range until 9999 }}{{ range until 9999 }}x{{ end }}{{ end }}{{ end }}",
        '{{ $x := "aaaaaaaaaa" }}{{ range until 9999 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}',
        '{{ repeat 99999999 "aaaaaaaaaa" }}',
        '{{ "a\\nb" | nindent 99999999 }}',
        '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toYaml $d }}',
        '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toJson $d }}{{ $d }}',
        '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ deepCopy $d }}{{ merge $d $d }}',
        "{{ $l := list 1 2 }}{{ range until 99 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}",
        "{{ if .Values.x }}" * 200 + "{{ end }}" * 200,
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{ tpl .Values.me . }}",
        '{{ printf "%1000000000d" 1 }}{{ 99999999999999999999999 }}{{ 1e999 }}{{ add 9223372036854775807 1 }}',
        "{{ range $i, $x := .Values }}{{ break }}{{ end }}{{ break }}",
        '{{ index .Values.list 99999999999 }}{{ substr -5 -1 "abc" }}{{ trunc -99 "abc" }}',
        "{{ range .Release.Revision }}{{ range .Files }}{{ . }}{{ end }}{{ end }}{{ .Files.Get 5 }}{{ .Files }}",
        "\U000f0000\U000f0001",
        "{{ `\U000f0000` }}",
        "{{",
        "{{ /* ",
        '{{ "',
        "a: &a [*a]",
    ],
)
def test_a_hostile_template_ends_and_says_nothing(template: str) -> None:
    files = chart_of(pod("args: [web]") + template + "\n", "me: '{{ tpl .Values.me . }}'\nlist: [1]\n")
    for name in processes(files):
        assert name == "web"


def test_hostile_values_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 5)]
    assert unread(chart_of(pod("args: [{{ toYaml .Values | quote }}]"), "\n".join(lines)))
    deep = "a: " + "[" * 150 + "]" * 150
    assert unread(chart_of(pod("args: [web]"), deep))


NOISE = [
    *"{{ }} {{- -}} ( ) | || := = $x $ . .Values {{/* */ ` \" ' \\n [ ] { } - : null -1 1e9 &a *a".split(),
    *"if |else |end|range |with |toYaml |toJson |fromYaml |set |merge |dict |list |index |trunc |nindent |tpl ".split(
        "|"
    ),
    *'define "a"|include "a" .|until 3|printf "%v" |default |lookup |.Release.IsUpgrade|break|\t|\0'.split("|"),
    "{{ .Values }}",
    "{{ . }}",
    "{{ $ }}",
]


@settings(deadline=None, max_examples=100)
@given(path=st.sampled_from(sorted({**CHART, ".github/workflows/deploy.yml": ""})), data=st.data())
def test_a_damaged_chart_is_survived(path: str, data: st.DataObject) -> None:
    files = with_command("-f chart/values.yaml --set a.b[0]=c,env={x}")
    text = files[path]
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(st.sampled_from(NOISE)) + text[end:]
    held = {name: written.encode() for name, written in {**files, path: text}.items()}
    repository = Repository(held, held.__getitem__)
    link(declare(repository)[0], repository)


def test_a_character_that_is_cut_in_two_leaves_a_chart_open() -> None:
    def args(count: int) -> str:
        return f"args: [{{{{ .Values.name | trunc {count} | quote }}}}]"

    # `é` are two bytes: what comes of the first one depends on what stands behind it.
    assert unread(chart_of(pod(args(2)), "name: aéb\n"))
    assert not unread(chart_of(pod(args(3)), "name: aéb\n"))
