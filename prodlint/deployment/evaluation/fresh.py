"""Texts that are another one in each process: what makes them, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from prodlint.deployment.evaluation.domain import External, Fresh, IteratorValue, ListValue
from prodlint.deployment.evaluation.machine import Call, Machine

__all__ = ["FRESH_FUNCTIONS", "SPELLINGS", "encoded", "made_of"]

# What is new here is named in `server_workers.py` (`_MAKES`) too, which a test asks.
_MAKERS = (
    "os.urandom",
    "os.getrandom",
    "secrets.token_hex",
    "secrets.token_urlsafe",
    "secrets.token_bytes",
    "secrets.choice",
    "random.choice",
    "random.choices",
    "random.sample",
    "random.getrandbits",
    "random.randbytes",
    "random.SystemRandom.choice",
    "random.SystemRandom.choices",
    "uuid.uuid1",
    "uuid.uuid4",
    "cryptography.fernet.Fernet.generate_key",
    "django.core.management.utils.get_random_secret_key",
    "django.core.management.utils.get_random_string",
    "django.utils.crypto.get_random_string",
)
_ENCODERS = frozenset(
    (
        "base64.b64encode",
        "base64.b32encode",
        "base64.b16encode",
        "base64.b85encode",
        "base64.standard_b64encode",
        "base64.urlsafe_b64encode",
        "base64.encodebytes",
        "binascii.hexlify",
        "binascii.b2a_base64",
        "binascii.b2a_hex",
        "codecs.encode",
        "hashlib.md5",
        "hashlib.sha1",
        "hashlib.sha256",
        "hashlib.sha512",
    )
)
SPELLINGS = frozenset(
    "hex int bytes urn decode encode strip lstrip rstrip lower upper replace removeprefix removesuffix ljust zfill "
    "digest hexdigest".split()
)
"""Attributes and methods that give the same text or number in another spelling."""


def _made(maker: str) -> Callable[[Machine, Call], object]:
    def called(machine: Machine, call: Call) -> object:
        return Fresh(f"is made anew by {maker}()", machine.span(call.node), (), maker)

    return called


def _generator(machine: Machine, call: Call) -> object:
    return External("random.SystemRandom")


FRESH_FUNCTIONS: dict[str, Callable[[Machine, Call], object]] = {
    **{name: _made(name) for name in _MAKERS},
    "random.SystemRandom": _generator,
    "secrets.SystemRandom": _generator,
}


def made_of(*values: object) -> Fresh | None:
    """What is new in each process among values that are put into one text, and so is that text; else None."""
    for value in values:
        parts = value.content if isinstance(value, ListValue) else value
        parts = parts.parts if isinstance(parts, IteratorValue) else parts
        for part in cast("tuple[object, ...]", parts) if isinstance(parts, tuple) else (parts,):
            if isinstance(part, Fresh):
                return part
    return None


def encoded(name: str, call: Call) -> Fresh | None:
    """What an encoding or a digest of a text is that is new in each process, which is new as well; else None."""
    first = call.arguments[0] if call.arguments else None
    return first if isinstance(first, Fresh) and name in _ENCODERS else None
