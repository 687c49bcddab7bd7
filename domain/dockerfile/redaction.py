"""Takes credentials out of addresses that a text holds.

What a person wrote into a Dockerfile is shown in logs and kept in the history of an
image: a password or a signature in an address must get into neither.
"""

from __future__ import annotations

import re

_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#@\"',]*@")
_QUERY_SECRET = re.compile(
    r"(?P<key>[?&][^\s=&#\"',]*"
    r"(?:sig|token|secret|pass|pwd|credential|key|auth)"
    r"[^\s=&#\"',]*=)[^\s&#\"']+",
    re.IGNORECASE,
)


def without_credentials(text: str) -> str:
    """Return a text whose URLs name no user and show no secret in their query.

    What stands for a value of a query is "…"; the user of `git@host:path` stays,
    because it is no secret.
    """
    if "://" not in text:
        return text
    return _QUERY_SECRET.sub(r"\g<key>…", _USER.sub(r"\g<scheme>", text))
