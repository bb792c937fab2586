"""Proxies in small repositories, and where their routes lead."""

from prodlint.deployment.model import Deployment
from prodlint.deployment.proxies.passage import Destination, Passage
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

__all__ = ["APP", "COMPOSE", "DOCKERFILE", "INGRESS", "MANIFEST", "WEB", "cluster", "hops", "model", "told"]


APP = "from flask import Flask\n\napplication = Flask(__name__)\n"
DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "--bind=0.0.0.0:8000", "shop.wsgi"]\n'
WEB = {"shop/wsgi.py": APP, "Dockerfile": DOCKERFILE}
COMPOSE = "services:\n  web:\n    build: .\n    restart: always\n  edge:\n    build: ./nginx\n    restart: always\n"


def model(files: dict[str, str]) -> Deployment:
    """The model of a repository."""
    return inspect(MemoryTree(files), []).deployment


def told(end: Destination) -> str:
    """What a destination is, in a word."""
    if end.service is not None:
        return end.service.name
    if end.backing is not None:
        return end.backing.name
    return end.outside or f"? {end.unknown.reason if end.unknown is not None else ''}"


def hops(end: Destination) -> list[str]:
    """The lines over which a route leads to its destination."""
    return [f"{link.span.path}:{link.span.line}" for link in end.chain]


MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: web
          image: shop/web
          command: [gunicorn, --bind, "0.0.0.0:8000", shop.wsgi]
          ports: [{name: http, containerPort: 8000}]
---
apiVersion: v1
kind: Service
metadata: {name: shop-web}
spec:
  selector: {app: shop}
  ports: [{name: web, port: 80, targetPort: http}]
---
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: SERVICE, port: {PORT}}}
"""


def cluster(service: str = "shop-web", port: str = "number: 80", **files: str) -> list[Passage]:
    """The routes into a cluster with one deployment, its service, and an ingress that names a service and a port."""
    ingress = INGRESS.replace("SERVICE", service).replace("PORT", port)
    return list(model({"k8s/shop.yaml": MANIFEST + ingress, **files}).passages)
