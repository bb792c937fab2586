"""What a process makes for itself when it starts: keys that are others in each of them."""

import pytest

from prodlint.deployment.condition import Lookup
from prodlint.deployment.evaluation.interpreter import namespace
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, JointlyDriven, PerProcess, Unknown, Value
from prodlint.source import Source

HEAD = """
import base64, hashlib, os, random, secrets, string, uuid
from cryptography.fernet import Fernet
from django.core.management.utils import get_random_secret_key
from random import SystemRandom
"""


def made(text: str, lookup: Lookup = lambda name: None) -> Value[object]:
    files = {"settings.py": f"{HEAD}\n{text}\n"}
    return namespace(Repository(tuple(files), lambda path: files[path].encode()), ("",), "settings.py", lookup)["KEY"]


def from_elsewhere(name: str) -> Value[str]:
    return EnvDriven(name, None, Source("", "").span)


@pytest.mark.parametrize(
    ("text", "maker"),
    [
        ("KEY = os.urandom(24)", "os.urandom"),
        ("KEY = secrets.token_hex(32)", "secrets.token_hex"),
        ("KEY = get_random_secret_key()", "django.core.management.utils.get_random_secret_key"),
        ("KEY = os.urandom(24).hex()", "os.urandom"),
        ("KEY = base64.b64encode(os.urandom(32)).decode().rstrip()", "os.urandom"),
        ("KEY = hashlib.sha256(os.urandom(32)).hexdigest()", "os.urandom"),
        ("KEY = f'django-{Fernet.generate_key().decode()}'", "cryptography.fernet.Fernet.generate_key"),
        ("KEY = 'a' + str(uuid.uuid4())", "uuid.uuid4"),
        ("KEY = 'a-{}'.format(uuid.uuid4().hex)", "uuid.uuid4"),
        ("KEY = uuid.uuid4().hex[:16]", "uuid.uuid4"),
        ("KEY = ''.join([random.choice(string.printable) for i in range(50)])", "random.choice"),
        ("KEY = ''.join(SystemRandom().choice(string.digits) for _ in range(9))", "random.SystemRandom.choice"),
        ("def new():\n    return secrets.token_urlsafe()\n\nKEY = new()", "secrets.token_urlsafe"),
        ("KEY = None\nif not KEY:\n    KEY = secrets.token_hex()", "secrets.token_hex"),
    ],
)
def test_a_random_text_is_another_one_in_each_process(text: str, maker: str) -> None:
    value = made(text)
    assert isinstance(value, PerProcess)
    assert value.maker == maker
    assert value.made is not None


@pytest.mark.parametrize(
    "text",
    [
        "KEY = os.environ.get('KEY', secrets.token_hex())",
        "KEY = os.environ.get('KEY') or secrets.token_hex()",
        "KEY = os.getenv('KEY')\nif not KEY:\n    KEY = secrets.token_hex()",
        "if 'KEY' in os.environ:\n    KEY = os.environ['KEY']\nelse:\n    KEY = secrets.token_hex()",
    ],
)
def test_a_variable_that_something_may_set_comes_before_it(text: str) -> None:
    value = made(text, from_elsewhere)
    assert isinstance(value, EnvDriven)
    assert (value.name, type(value.default)) == ("KEY", PerProcess)
    assert isinstance(made(text), PerProcess)


@pytest.mark.parametrize(
    "text",
    [
        "KEY = len(secrets.token_hex())",
        "KEY = secrets.token_hex() == 'a'",
        "KEY = load('key', secrets.token_hex())",
        "try:\n    KEY = open('key').read()\nexcept OSError:\n    KEY = secrets.token_hex()",
        "if os.path.exists('key'):\n    KEY = open('key').read()\nelse:\n    KEY = secrets.token_hex()",
    ],
)
def test_what_may_be_the_same_everywhere_is_not_taken_for_another_one(text: str) -> None:
    value = made(f"from elsewhere import load\n{text}")
    assert isinstance(value, Unknown)
    assert not isinstance(value, PerProcess)


def test_one_that_only_some_processes_make_is_told_by_its_variables() -> None:
    text = "KEY = os.environ.get('KEY')\nif not KEY and os.environ.get('DEBUG') == '1':\n    KEY = secrets.token_hex()"
    value = made(text, from_elsewhere)
    assert isinstance(value, JointlyDriven)
    assert (value.names, value.default) == (("DEBUG", "KEY"), None)
