#!/usr/bin/env bash
# Runs on the host, from /srv/platform.
set -euo pipefail
cd "$(dirname "$0")/.."

git pull --ff-only
docker compose -f infra/compose.yml build --pull
docker compose -f infra/compose.yml up --detach --remove-orphans
