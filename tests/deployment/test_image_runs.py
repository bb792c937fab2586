"""What the runs of a build do: scripts in here-documents, of the repository and of the build itself, and mounts."""

import subprocess
from pathlib import Path

import pytest
from built_images import FILES, build

from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def test_a_shell_script_in_a_heredoc_is_read() -> None:
    text = "FROM python:3.13\nRUN <<EOF\nset -e\npip install flask\npip install gunicorn\nEOF\n"
    image = build(text)
    assert [one.step.written for one in image.steps][-2:] == ["pip install flask", "pip install gunicorn"]
    assert [one.step.span.line for one in image.steps][-2:] == [4, 5]


def test_a_heredoc_that_is_a_programs_input_is_not_shell() -> None:
    image = build("FROM python:3.13\nRUN python - <<EOF\nimport flask\nEOF\nRUN pip install x\n")
    assert [one.step.program for one in image.steps] == ["python", "pip"]


def test_a_heredoc_of_another_interpreter_is_not_shell() -> None:
    image = build("FROM python:3.13\nRUN <<EOF\n#!/usr/bin/env python3\nimport flask\nEOF\n")
    assert [one.step.program for one in image.steps] == []


def test_a_bind_mount_is_seen_by_its_run_alone() -> None:
    text = """\
FROM python:3.13
WORKDIR /srv
RUN --mount=type=bind,source=requirements.txt,target=requirements.txt pip install -r requirements.txt
RUN --mount=type=bind,target=/ctx pip install /ctx
RUN --mount=target=/ctx2 pip install /ctx2
RUN --mount=type=cache,target=/root/.cache pip install x
"""
    image = build(text, FILES)
    first, second, third, fourth = image.steps
    assert "requirements.txt" in first.files.candidates("/srv/requirements.txt")
    assert "manage.py" in second.files.candidates("/ctx/manage.py")
    assert "manage.py" in third.files.candidates("/ctx2/manage.py")
    assert fourth.files.candidates("/srv/requirements.txt") == ()
    assert image.files.candidates("/srv/requirements.txt") == ()


def test_a_bind_mount_of_a_stage_shows_its_files() -> None:
    text = """\
FROM python:3.13 AS deps
COPY requirements.txt /deps/
FROM python:3.13
RUN --mount=type=bind,from=deps,source=/deps,target=/mnt pip install -r /mnt/requirements.txt
"""
    image = build(text, FILES)
    assert "requirements.txt" in image.steps[0].files.candidates("/mnt/requirements.txt")


def test_a_script_of_the_repository_is_followed_in_a_run() -> None:
    files = {"install.sh": "#!/bin/sh\npip install gunicorn\n"}
    image = build("FROM python:3.13\nCOPY install.sh /\nRUN sh /install.sh\n", files)
    assert [one.step.written for one in image.steps] == ["pip install gunicorn"]


def test_variables_reach_a_run() -> None:
    text = 'FROM a\nENV MODE=prod\nRUN if [ "$MODE" = "dev" ]; then pip install x; else pip install y; fi\n'
    assert [(one.step.written, one.step.conditional) for one in build(text).steps] == [("pip install y", False)]


GUNICORN = "#!/bin/bash\nset -e\n./manage.py migrate\nexec gunicorn shop.wsgi --bind=:80\n"


@pytest.mark.parametrize(
    "line",
    [
        f"RUN tee /start.sh <<'EOF'\n{GUNICORN}EOF\nRUN chmod +x /start.sh",
        f"RUN cat <<'END' > start.sh && chmod +x start.sh\n{GUNICORN}END",
        f"RUN cat > /start.sh <<EOF\n{GUNICORN}EOF",
        f"COPY <<EOF /start.sh\n{GUNICORN}EOF",
        f'COPY --chmod=755 <<"EOF" /start.sh\n{GUNICORN}EOF',
        f"COPY <<EOF /start.sh\n{GUNICORN}EOF\nRUN chown 1000 /start.sh && cp /start.sh /copy.sh && cat /start.sh",
        f"COPY . .\nCOPY <<EOF /start.sh\n{GUNICORN}EOF\nRUN install other.sh /usr/bin/ && python manage.py check",
    ],
)
def test_a_script_that_the_build_writes_from_its_own_text_is_followed(line: str) -> None:
    files = {"Dockerfile": f'FROM python:3.13-slim\nWORKDIR /\n{line}\nCMD ["/start.sh"]\n'}
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert service.written == "gunicorn shop.wsgi --bind=:80"
    assert service.step is not None
    assert service.step.span.path == "Dockerfile"


_ECHOED = "#!/bin/bash\\nset -e\\n./manage.py migrate\\nexec gunicorn shop.wsgi --bind=:80"
PRINTED = [
    ("", f"echo '{_ECHOED}' > start.sh && chmod +x start.sh"),
    ("", _ECHOED.join(("echo '", "' > start.sh")).replace("\\n", "\\n\\\n")),
    ("", f'printf "{_ECHOED}\\n" > start.sh'),
    ("", f"echo writing && echo '{_ECHOED}' > start.sh"),
    ("", "printf '%s\\n' '#!/bin/sh' 'exec gunicorn shop.wsgi --bind=:80' > start.sh; chmod 755 start.sh"),
    ("", "echo '#!/bin/sh' > start.sh && echo exec gunicorn shop.wsgi --bind=:80 >> start.sh"),
    ('SHELL ["/bin/bash", "-c"]\n', f"echo -e '{_ECHOED}' > start.sh"),
    (
        'SHELL ["/bin/bash", "-c"]\n',
        "echo '#!/bin/sh\\\n' > start.sh && echo -n 'exec gunicorn shop.wsgi --bind=:80' >> start.sh",
    ),
]


@pytest.mark.parametrize(("shell", "line"), PRINTED[:-1])
def test_a_script_that_the_build_prints_is_followed(shell: str, line: str) -> None:
    files = {"Dockerfile": f'FROM python:3.13-slim\n{shell}WORKDIR /\nRUN {line}\nCMD ["/start.sh"]\n'}
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert service.written == "gunicorn shop.wsgi --bind=:80"


@pytest.mark.real
@pytest.mark.parametrize(("shell", "line"), PRINTED)
def test_what_a_build_prints_is_what_the_shell_prints(shell: str, line: str, tmp_path: Path) -> None:
    program = "bash" if shell else "dash"
    # What Docker hands to the shell: a backslash at the end of a line goes on with the next one.
    subprocess.run([program, "-c", line.replace("\\\n", "")], cwd=tmp_path, check=True)
    image = build(f"FROM python:3.13-slim\n{shell}WORKDIR /\nRUN {line}\n")
    text = image.files.text("/start.sh")
    assert text is not None
    assert text.value == (tmp_path / "start.sh").read_text()


@pytest.mark.parametrize(
    "line",
    [
        f"RUN echo -e '{_ECHOED}' > /start.sh",
        f'SHELL ["/bin/bash", "-c"]\nRUN echo \'{_ECHOED}\' > /start.sh',
        f"RUN echo '{_ECHOED}' > /start.sh && sed -i s/80/81/ /start.sh",
        f"RUN echo '{_ECHOED}' | tee /start.sh",
        f"RUN [ -f x ] || echo '{_ECHOED}' > /start.sh",
        f'RUN echo "{_ECHOED} $MORE" > /start.sh',
        f"RUN echo '{_ECHOED}' >> /start.sh",
        f"RUN printf '{_ECHOED} %s' x > /start.sh",
        f"RUN echo '{_ECHOED}\\c' > /start.sh",
    ],
)
def test_what_a_build_prints_in_another_way_is_not_followed(line: str) -> None:
    files = {"Dockerfile": f'FROM python:3.13-slim\nWORKDIR /\n{line}\nCMD ["/start.sh"]\n'}
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert service.server is None


@pytest.mark.parametrize(
    "run",
    [
        "install -m 755 other.sh /start.sh",
        "install start.sh /",
        "mv -T other.sh /start.sh",
        "cp $OTHER /start.sh",
        "if [ -f other.sh ]; then cp other.sh /start.sh; fi",
        "[ -f x ] && curl -o /start.sh https://example.com/start.sh",
        "sed -i s/80/81/ /*.sh",
        "python render.py",
        "python -m render",
        "./render.py",
        'python -c \'open("/start.sh", "w")\'',
    ],
)
def test_a_script_that_a_later_program_may_rewrite_is_not_followed(run: str) -> None:
    dockerfile = f"FROM python:3.13-slim\nWORKDIR /\nCOPY . .\nCOPY <<EOF /start.sh\n{GUNICORN}EOF\nRUN {run}\n"
    files = {"Dockerfile": dockerfile + 'CMD ["/start.sh"]\n', "render.py": "", "other.sh": "exec true\n"}
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert service.server is None


@pytest.mark.parametrize(
    "line",
    [
        "RUN tee /start.sh <<EOF\n#!/bin/sh\nexec gunicorn $APP\nEOF",
        "RUN tee /start.sh <<'EOF'\n#!/usr/bin/env python3\nprint(1)\nEOF",
        f"RUN tee /start.sh <<'EOF'\n{GUNICORN}EOF\nRUN curl -o /start.sh https://example.com/start.sh",
        f"RUN tee /start.sh <<'EOF'\n{GUNICORN}EOF\nRUN sed -i s/80/81/ /start.sh",
        f"RUN tee /start.sh <<'EOF' && sed -i s/80/81/ /start.sh\n{GUNICORN}EOF",
    ],
)
def test_what_else_the_build_writes_is_not_followed(line: str) -> None:
    files = {"Dockerfile": f'FROM python:3.13-slim\nWORKDIR /\n{line}\nCMD ["/start.sh"]\n'}
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert service.server is None
