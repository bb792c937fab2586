"""Where a platform puts the files of the repository that it builds itself, without a Dockerfile.

Sources, looked up in November 2026: Heroku's dev center ("Slug Compiler", `/app`); render.com, "Default
Environment Variables" (`VENV_ROOT` lies in /opt/render/project/src); Railpack, core/providers/python
(`/app/.venv`) and Nixpacks (`/app`); Cloud Native Buildpacks, "Buildpack API", whose builders of Google
Cloud, Paketo, Heroku and DigitalOcean all use `/workspace` (`CNB_APP_DIR`); AWS, "Defined runtime
environment variables" (`LAMBDA_TASK_ROOT`), "Platform script tools" of Elastic Beanstalk
(`/var/app/current`) and "App Runner managed runtimes" (`/app`); Cloud Foundry, "Environment variables" (`HOME`).
"""

from __future__ import annotations

import posixpath

from prodlint.deployment.process import Platform, Process

__all__ = ["platform_folder"]

_FOLDERS = {
    Platform.HEROKU: "/app",
    Platform.RENDER: "/opt/render/project/src",
    Platform.RAILWAY: "/app",
    Platform.FLY: "/workspace",
    Platform.DIGITALOCEAN: "/workspace",
    Platform.APP_ENGINE: "/workspace",
    Platform.CLOUD_RUN: "/workspace",
    Platform.LAMBDA: "/var/task",
    Platform.BEANSTALK: "/var/app/current",
    Platform.APP_RUNNER: "/app",
    Platform.CLOUD_FOUNDRY: "/home/vcap/app",
}


def platform_folder(process: Process) -> str | None:
    """The absolute path of a process's root; None where an image decides, or nobody here knows.

    Render keeps the folders of the repository (`rootDir`), the others begin at the root of the service.
    """
    folder = _FOLDERS.get(process.platform)
    if folder is None or process.build is not None or process.image is not None or process.is_image:
        return None
    return posixpath.normpath(f"{folder}/{process.root}") if process.platform is Platform.RENDER else folder
