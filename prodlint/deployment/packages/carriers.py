"""Distributions that bring others along: what an installation holds although nobody asked for it by name.

An entry says that every current release of the left side requires the right side. Without a lock it
is the only way to see through a requirement, so it only ever answers "yes, it is there".
"""

from __future__ import annotations

import re
from itertools import chain

from prodlint.deployment.dependency import Dependency

__all__ = ["carried_by", "carries"]

# Sources: the catalogue (container page 2.7, serving page, delivery page) and the projects' own metadata.
_TABLE = """
a2a-sdk[http-server]: starlette
alpaca-py: websockets
apache-airflow-core: gunicorn uvicorn
apache-airflow: gunicorn uvicorn flask
apache-superset: gunicorn flask
apache-superset[gevent]: gevent
apiflask: flask
apiflask[async]: asgiref
arize-phoenix: uvicorn starlette
arq: redis
autogenstudio: uvicorn fastapi
bentoml: uvicorn starlette
blacksheep[full]: uvicorn
bokeh: tornado
bottle-websocket: gevent-websocket
celery[eventlet]: eventlet
celery[gevent]: gevent
celery[redis]: redis
celery[sqs]: boto3 pycurl
chainlit: uvicorn fastapi
channels-redis: redis
channels: asgiref django
channels[daphne]: daphne
chromadb: uvicorn uvicorn[standard]
connexion: asgiref
connexion[flask]: flask
connexion[uvicorn]: uvicorn
crewai: chromadb
dagster-webserver: uvicorn
daphne: channels
dash: flask
databases[aiomysql]: aiomysql
databases[aiosqlite]: aiosqlite
databases[asyncmy]: asyncmy
databases[asyncpg]: asyncpg
datasette: uvicorn
deepgram-sdk: websockets
devpi-server: waitress
distributed: tornado
django-celery-beat: celery
django-celery-results: celery
django-redis: redis
django-rq: rq redis
django: asgiref
djangorestframework-simplejwt: pyjwt djangorestframework
dramatiq[redis]: redis
drf-spectacular: djangorestframework
elevenlabs: websockets
emmett: granian
esmerald[standard]: uvicorn uvicorn[standard]
fastapi-cli: uvicorn uvicorn[standard]
fastapi-cloud-cli: uvicorn websockets
fastapi-mail: aiosmtplib
fastapi-mcp: uvicorn fastapi
fastapi-socketio: python-socketio
fastapi-users: fastapi email-validator python-multipart
fastapi[all]: fastapi-cli httpx jinja2 python-multipart itsdangerous email-validator pydantic-settings orjson
fastapi[standard-no-fastapi-cloud-cli]: fastapi-cli httpx jinja2 python-multipart email-validator
fastapi[standard]: fastapi-cli httpx jinja2 python-multipart email-validator
fastmcp: uvicorn mcp websockets
feast: uvicorn fastapi gunicorn
flama: uvicorn
flask-appbuilder: flask
flask-limiter: limits
flask-migrate: alembic flask flask-sqlalchemy sqlalchemy
flask-openapi3[async]: asgiref
flask-sock: simple-websocket
flask-socketio: python-socketio flask
flask-sockets: gevent gevent-websocket
flask-sqlalchemy: sqlalchemy flask
flask[async]: asgiref
flask[dotenv]: python-dotenv
flower: celery tornado
frappe: gunicorn
functions-framework: gunicorn flask uvicorn
gevent-websocket: gevent
google-adk: uvicorn fastapi google-genai
google-genai: websockets
gql[websockets]: websockets
gradio-client: websockets
gradio: uvicorn fastapi python-multipart gradio-client
graphene-django: graphene
grequests: gevent
guillotina: uvicorn
gunicorn[eventlet]: eventlet
gunicorn[gevent]: gevent
gunicorn[setproctitle]: setproctitle
gunicorn[tornado]: tornado
hayhooks: uvicorn
httpx-ws: wsproto
hypercorn: wsproto
hypercorn[trio]: trio
hypercorn[uvloop]: uvloop
kombu[redis]: redis
kserve: uvicorn fastapi
langflow: uvicorn gunicorn fastapi
langgraph-cli[inmem]: uvicorn
langserve[all]: fastapi
litellm[proxy]: uvicorn gunicorn fastapi websockets
litestar[cli]: uvicorn
litestar[full]: uvicorn uvicorn[standard]
litestar[standard]: uvicorn uvicorn[standard]
locust: gevent flask
marimo: uvicorn
mcp: uvicorn starlette
mitmproxy: wsproto
mlflow: gunicorn waitress flask
mlserver: uvicorn fastapi
mozilla-django-oidc: django
nameko: eventlet
nautobot: pyuwsgi
nicegui: uvicorn fastapi uvicorn[standard]
open-webui: uvicorn fastapi uvicorn[standard]
opentelemetry-instrumentation-asgi: asgiref
opentelemetry-instrumentation-fastapi: opentelemetry-instrumentation-asgi
opentelemetry-instrumentation-starlette: opentelemetry-instrumentation-asgi
piccolo-admin: hypercorn fastapi uvicorn
piccolo[all]: asyncpg uvicorn
piccolo[postgres]: asyncpg
piccolo[uvicorn]: uvicorn
polygon-api-client: websockets
prefect: uvicorn fastapi websockets
psycopg[binary]: psycopg-binary
psycopg[c]: psycopg-c
psycopg[pool]: psycopg-pool
pulpcore: gunicorn
pydantic-settings: python-dotenv
pyppeteer: websockets
python-binance: websockets
python-engineio: simple-websocket
python-fasthtml: uvicorn starlette
python-socketio: python-engineio
python-socketio[asyncio-client]: aiohttp
pyuwsgi: uwsgi
quart: hypercorn flask werkzeug jinja2
ravyn[standard]: uvicorn
ray[serve]: uvicorn starlette
realtime: websockets
redis-om: redis
reflex: granian
rq-scheduler: rq redis
rq: redis
sanic: websockets uvloop httptools
selenium: trio-websocket
sentry: granian
simple-websocket: wsproto
solara-server: uvicorn
solara: uvicorn
sqlalchemy[aiomysql]: aiomysql
sqlalchemy[aiosqlite]: aiosqlite
sqlalchemy[asyncio]: greenlet
sqlalchemy[asyncmy]: asyncmy
sqlalchemy[mysql]: mysqlclient
sqlalchemy[oracle]: cx-oracle
sqlalchemy[postgresql-asyncpg]: asyncpg
sqlalchemy[postgresql-pg8000]: pg8000
sqlalchemy[postgresql-psycopg2]: psycopg2
sqlalchemy[postgresql-psycopg2binary]: psycopg2-binary
sqlalchemy[postgresql-psycopg]: psycopg
sqlalchemy[postgresql-psycopgbinary]: psycopg psycopg-binary
sqlalchemy[postgresql]: psycopg2
sqlalchemy[pymysql]: pymysql
starlette[full]: itsdangerous jinja2 python-multipart pyyaml httpx
starlite[cli]: uvicorn
starlite[full]: uvicorn
starlite[standard]: uvicorn uvicorn[standard]
strawberry-graphql[debug-server]: uvicorn
strawberry-graphql[fastapi]: fastapi python-multipart
streamlit: tornado
supabase: realtime
tiled[server]: uvicorn
tortoise-orm: aiosqlite
tortoise-orm[aiomysql]: aiomysql
tortoise-orm[asyncmy]: asyncmy
tortoise-orm[asyncpg]: asyncpg
trio-websocket: wsproto
txtai[api]: uvicorn fastapi
uvicorn-worker: uvicorn gunicorn
uvicorn[standard]: httptools uvloop websockets watchfiles python-dotenv pyyaml
vllm: uvicorn fastapi uvicorn[standard]
web3: websockets
weblate[wsgi]: granian
yfinance: websockets
zerorpc: gevent
zope: waitress
"""


def _parsed() -> dict[str, tuple[str, ...]]:
    return {
        left: tuple(right.split()) for left, _, right in (line.partition(": ") for line in _TABLE.split("\n") if line)
    }


_CARRIERS = _parsed()
_CARRIED = frozenset(chain.from_iterable(_CARRIERS.values()))


def carries(dependency: Dependency, name: str) -> bool:
    """Whether a dependency is known to bring a distribution along: most are brought by none."""
    return name in _CARRIED and name in carried_by(dependency)


def carried_by(dependency: Dependency) -> frozenset[str]:
    """The distributions that a dependency is known to bring along, directly or through another of the table."""
    waiting = [dependency.name, *(f"{dependency.name}[{extra}]" for extra in dependency.extras)]
    # FastAPI 0.111 alone had its command line, and with it Uvicorn, among its plain dependencies.
    if dependency.name == "fastapi" and re.match(r"(==|~=|[~^])?\s*0\.111\b", dependency.specifier):
        waiting.append("fastapi[standard]")
    found: set[str] = set()
    for node in waiting:
        new = [name for name in _CARRIERS.get(node, ()) if name not in found]
        found.update(new)
        waiting.extend(new)
    return frozenset(found)
