"""The variables that a platform itself sets for a process: only those that its documentation promises.

Source: the catalogue's platform page, 2.1 and 2.4 to 2.10, and configuration page, 2.8 (August 2026).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.process import Platform, Process, Role
from prodlint.deployment.value import Bounded, EnvDriven, Known, Unknown, Value

__all__ = ["HAS_A_PANEL", "IS_CLOSED", "MADE_FROM_IT", "injected"]

MADE_FROM_IT = " for an app that is made from it"
"""When what an app.json proposes for a variable is its value: Heroku reads that file at no other time."""

HAS_A_PANEL = frozenset(
    {
        Platform.HEROKU,
        Platform.RENDER,
        Platform.RAILWAY,
        Platform.FLY,
        Platform.DIGITALOCEAN,
        Platform.BEANSTALK,
        Platform.CLOUD_FOUNDRY,
        Platform.APP_RUNNER,
    }
)
"""Where more variables may be set than any file says."""

IS_CLOSED = frozenset(
    {
        Platform.COMPOSE,
        Platform.KUBERNETES,
        Platform.SYSTEMD,
        Platform.APP_ENGINE,
        Platform.LAMBDA,
        Platform.ECS,
    }
)
"""Where the file lists all that a process gets, beside its image's own."""

_SET = {
    Platform.HEROKU: "DYNO",
    Platform.RENDER: "RENDER_SERVICE_NAME RENDER_SERVICE_ID RENDER_SERVICE_TYPE RENDER_INSTANCE_ID RENDER_GIT_COMMIT "
    "RENDER_GIT_BRANCH",
    Platform.RAILWAY: "RAILWAY_ENVIRONMENT_NAME RAILWAY_SERVICE_NAME RAILWAY_PROJECT_NAME",
    Platform.FLY: "FLY_APP_NAME FLY_REGION FLY_MACHINE_ID",
    Platform.CLOUD_RUN: "K_SERVICE K_REVISION",
    Platform.APP_ENGINE: "GAE_APPLICATION GAE_ENV GAE_SERVICE GAE_VERSION GAE_INSTANCE GOOGLE_CLOUD_PROJECT",
    Platform.LAMBDA: "AWS_REGION AWS_LAMBDA_FUNCTION_NAME AWS_EXECUTION_ENV AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY "
    "AWS_SESSION_TOKEN AWS_DEFAULT_REGION AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_FUNCTION_MEMORY_SIZE "
    "AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR "
    "_HANDLER",
    Platform.KUBERNETES: "KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT",
    Platform.CLOUD_FOUNDRY: "VCAP_APPLICATION VCAP_SERVICES CF_INSTANCE_INDEX CF_INSTANCE_GUID MEMORY_LIMIT",
    Platform.ECS: "ECS_CONTAINER_METADATA_URI_V4",
}
_SET_FOR_WEB = {
    Platform.HEROKU: "PORT",
    Platform.RENDER: "RENDER_EXTERNAL_HOSTNAME RENDER_EXTERNAL_URL",
    Platform.RAILWAY: "PORT",
    Platform.CLOUD_RUN: "PORT",
    Platform.APP_ENGINE: "PORT",
    Platform.CLOUD_FOUNDRY: "PORT",
}
# What the handler of Zappa sets before it loads the app (github.com/zappa/Zappa, zappa/handler.py).
_ZAPPA = {"FRAMEWORK": "Zappa", "SERVERTYPE": "AWS Lambda"}
# render.com, "Default Environment Variables", Python 3 (read in November 2026).
_RENDER_PYTHON = {
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--preload --access-logfile - --bind=0.0.0.0:10000",
}


def injected(process: Process) -> Iterator[tuple[str, Value[str]]]:
    """The variables that a platform sets, weaker than those of its files.

    One that only the running process knows is EnvDriven by itself, without a default.
    """
    platform, span = process.platform, process.span
    names = _SET.get(platform, "").split()
    # Railway gives its port to whatever is no cron job; its file need not say what a service is for.
    routed = process.role is Role.WEB or (platform is Platform.RAILWAY and process.role is Role.UNKNOWN)
    if routed:
        names += _SET_FOR_WEB.get(platform, "").split()
    for name in names:
        yield name, EnvDriven(name, None, span)
    if platform is Platform.HEROKU and process.build is None and process.image is None:
        # The Python buildpack sets these at boot: the first whatever the config vars say, the others where these do
        # not. By its script WEB_CONCURRENCY is min(2 × CPUs + 1, megabytes / 256), which is 2 for the smallest dyno.
        yield "FORWARDED_ALLOW_IPS", Known("*", span)
        yield "GUNICORN_CMD_ARGS", EnvDriven("GUNICORN_CMD_ARGS", "--access-logfile -", span)
        yield "WEB_CONCURRENCY", Bounded("Heroku chooses it by the size of the dyno", span, least=2)
    elif platform is Platform.RENDER:
        yield "RENDER", Known("true", span)
        if process.role is Role.WEB:
            yield "PORT", EnvDriven("PORT", "10000", span)
            yield "WEB_CONCURRENCY", Unknown("Render chooses it by the plan", span)
        if process.build is None and process.image is None:
            for name, value in _RENDER_PYTHON.items():
                yield name, EnvDriven(name, value, span)
    elif platform is Platform.APP_ENGINE and process.default_of:
        yield "WEB_CONCURRENCY", Unknown("App Engine chooses it by the instance class", span)
    elif platform is Platform.DIGITALOCEAN and process.role is Role.WEB:
        yield "PORT", _given_port(process)
    elif platform is Platform.LAMBDA and posixpath.basename(process.path).startswith("zappa_settings"):
        for name, value in _ZAPPA.items():
            yield name, Known(value, span)
        yield "STAGE", Known(process.name, span)
        yield "PROJECT", EnvDriven("PROJECT", None, span)
    elif platform is Platform.FLY and process.role is Role.RELEASE:
        yield "RELEASE_COMMAND", Known("1", span)


def _given_port(process: Process) -> Value[str]:
    """PORT holds `http_port`, which is 8080 where the file does not say so (App Spec Reference)."""
    for port in process.ports:
        if isinstance(port.number, Known):
            return Known(str(port.number.value), port.span)
    return EnvDriven("PORT", "8080", process.span)
