#!/bin/sh
set -e

until python -c "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).close()" 2>/dev/null; do
  echo "waiting for the database"
  sleep 1
done

flask --app wsgi db upgrade

exec "$@"
