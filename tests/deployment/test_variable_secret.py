"""What may be printed of a variable: names of secrets, and secrets inside of values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.variable import is_secret_name, masked
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


@pytest.mark.parametrize(
    "name",
    "SECRET_KEY DJANGO_SECRET_KEY secret stripeApiKey STRIPE_API_KEY DB_PASSWORD POSTGRES_PASSWORD "
    "RABBITMQ_DEFAULT_PASS MYSQL_PWD AUTH_TOKEN GITHUB_PAT SENTRY_DSN AWS_SECRET_ACCESS_KEY jwt.secret client-secret "
    "DbPassword S3_KEY GOOGLE_CREDENTIALS SECRET_KEY_2 APIKEY PGPASSWORD".split(),
)
def test_a_name_with_the_word_of_a_secret_is_one(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    "DEBUG PORT MONKEY KEYBOARD PASSENGER_APP TOKENIZER DATABASE_URL SECRET_KEY_FILE TOKEN_URL AWS_ACCESS_KEY_ID "
    "CACHE_KEY_PREFIX PASSWORD_HASHERS PASSWORD_RESET_TIMEOUT STRIPE_PUBLIC_KEY VAPID_PUBLIC_KEY PWD OLDPWD COMPASS "
    "GOOGLE_APPLICATION_CREDENTIALS SECRET_MANAGER_DIRECTORY MOZILLA_RELEASE_KEY_FINGERPRINT POSTGRES_DB "
    "BYPASS_AUTH JWT_ALGORITHM SECRETARY ACCESS_TOKEN_LIFETIME PRIMARY_KEY".split(),
)
def test_a_name_that_only_speaks_of_one_is_none(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("postgres://user:p%40ss@db:5432/shop", "postgres://user:***@db:5432/shop"),
        ("redis://:hunter2@cache/0", "redis://:***@cache/0"),
        ("https://0123abcd@o1.ingest.sentry.io/5", "https://***@o1.ingest.sentry.io/5"),
        ("postgres://db:5432/shop", "postgres://db:5432/shop"),
        ("postgres://user:@db/shop", "postgres://user:@db/shop"),
        ("a=1,redis://u:p@h and amqp://u:q@h", "a=1,redis://u:***@h and amqp://u:***@h"),
        ("https://h/?api_key=abc&x=1", "https://h/?api_key=***&x=1"),
        ("host=db password=abc user=x", "host=db password=*** user=x"),
        ("AKIAIOSFODNN7EXAMPLE", "***"),
        ("token ghp_" + "a" * 36, "token ***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----", "***"),
        ("shop.settings", "shop.settings"),
        ("me@example.com", "me@example.com"),
    ],
)
def test_a_secret_inside_of_a_value_is_hidden(value: str, expected: str) -> None:
    assert masked("VALUE", value) == expected


def test_a_secret_is_hidden_whole_and_what_is_none_is_shown() -> None:
    assert masked("SECRET_KEY", "x") == "***"
    assert masked("SECRET_KEY", "") == ""
    assert masked("SECRET_KEY", "$ecret") == "***"
    assert masked("DEBUG", "True") == "True"


@settings(deadline=None, max_examples=100)
@given(secret=st.text("abcdefXYZ0189!%$", min_size=6, max_size=20), user=st.sampled_from(["", "u", "shop"]))
def test_no_password_of_a_url_gets_through(secret: str, user: str) -> None:
    assert secret not in masked("CELERY_BROKER", f"amqp://{user}:{secret}@queue:5672//")
    assert secret not in masked("DB_PASSWORD", secret)


def test_the_name_of_a_database_is_shown_even_where_a_file_of_secrets_sets_it() -> None:
    text = "name: a\nservices:\n- name: web\n  run_command: gunicorn app:app\n  envs:\n"
    for name in ("POSTGRES_DB", "DB_HOST", "LICENSE", "DB_PASSWORD"):
        text += f"  - {{key: {name}, type: SECRET, value: x}}\n"
    variables = inspect(MemoryTree({".do/app.yaml": text}), []).deployment.services[0].variables
    hidden = [name for name in ("POSTGRES_DB", "DB_HOST", "LICENSE", "DB_PASSWORD") if variables.is_secret(name)]
    assert hidden == ["LICENSE", "DB_PASSWORD"]
