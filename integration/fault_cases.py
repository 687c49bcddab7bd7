"""What may go wrong between a build and a registry, and what has to come of it.

A case is an operation, the faults that are injected while it runs, and its outcome:
success with the right digest, or an error that says certain things. CONFIG, LAYER and
MANIFEST in patterns stand for digests of the image that is meant.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from application.errors import (
    DigestMismatch,
    ManifestUnknown,
    RegistryError,
    RegistryUnreachable,
    Unauthorized,
)
from integration.services.fault_proxy import (
    ALWAYS,
    Action,
    answers,
    changes_the_answer,
    changes_the_request,
    cuts_the_answer,
    cuts_the_request,
    hangs_up,
    knows_no_ranges,
    lengthens,
    limits_bodies,
    loses_the_answer,
    spoils_the_token,
    tells_another_digest,
    truncates,
)

LEAD_AWAY = "lead away"
"""Stands for a redirect to the storage on another host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fails:
    """An error.

    Attributes:
        kind: Its type.
        words: What its message and its hint say, among other things.
    """

    kind: type[Exception]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One injected case.

    Attributes:
        name: What goes wrong.
        operation: While what is done: "pull", "pull index", "look up", "push",
            "push mounted", "cache", "fetch cached".
        faults: Pattern, what is done with such requests, how often; the action
            `LEAD_AWAY` is a redirect to another host.
        fails: The error it ends with, None for success.
        waited: Seconds that have to be waited at least before one of the attempts.
        storage: What goes wrong at the other host; see `BlobStorage.failures`.
        piece: Bytes of a piece.
    """

    name: str
    operation: str
    faults: tuple[tuple[str, Action | str, int], ...]
    fails: Fails | None = None
    waited: float = 0.0
    storage: tuple[int, ...] = ()
    piece: int = 1 << 20


def fails(kind: type[Exception], *words: str) -> Fails:
    """Return an error that says these words."""
    return Fails(kind=kind, words=words)


def _case(  # noqa: PLR0913 - a case has these parts
    operation: str,
    name: str,
    pattern: str,
    action: Action | str,
    times: int = 1,
    outcome: Fails | None = None,
    *,
    waited: float = 0.0,
    storage: tuple[int, ...] = (),
) -> Case:
    return Case(
        name=f"{operation}: {name}",
        operation=operation,
        faults=((pattern, action, times),),
        fails=outcome,
        waited=waited,
        storage=storage,
    )


def _said(code: str, message: str = "said so") -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


_PING = "^GET /v2/$"
_TOKEN = "^GET /token"
_TAG = "^GET /v2/.*/manifests/1$"
_MANIFEST = "^GET /v2/.*/manifests/MANIFEST"
_CONFIG = "^GET /v2/.*/blobs/CONFIG"
_LAYER = "^GET /v2/.*/blobs/LAYER"
_HEAD_TAG = "^HEAD /v2/.*/manifests/1$"
_HEAD_BLOB = "^HEAD /v2/.*/blobs/"
_BEGIN = "^POST /v2/.*/blobs/uploads/$"
_MOUNT = r"^POST /v2/.*/blobs/uploads/\?mount="
_PATCH = "^PATCH "
_FINISH = "^PUT /v2/.*/blobs/uploads/"
_PUT_TAG = "^PUT /v2/.*/manifests/1$"
_LIMITED = answers(429, _said("TOOMANYREQUESTS"), Retry_After="7")

PULL = (
    _case("pull", "ping answered 500", _PING, answers(500), 3),
    _case("pull", "ping hung up on", _PING, hangs_up),
    _case("pull", "token service 500", _TOKEN, answers(500), 2),
    _case(
        *("pull", "token service 503 always", _TOKEN, answers(503), ALWAYS),
        fails(RegistryError, "get a token", "503"),
    ),
    _case("pull", "token service limits", _TOKEN, _LIMITED, 1, waited=7),
    _case("pull", "token cut", _TOKEN, cuts_the_answer(20)),
    _case(
        *("pull", "token truncated", _TOKEN, truncates(20), ALWAYS),
        fails(Unauthorized, "get a token", "holds no token"),
    ),
    _case(
        *("pull", "token service refuses", _TOKEN, answers(401), ALWAYS),
        fails(Unauthorized, "get a token", "401", "'builder'"),
    ),
    _case("pull", "manifest 500", _TAG, answers(500)),
    _case(
        "pull",
        "manifest 503 with Retry-After",
        _TAG,
        answers(503, Retry_After="9"),
        1,
        waited=9,
    ),
    _case(
        *("pull", "manifest 502 always", _TAG, answers(502), ALWAYS),
        fails(RegistryError, "fetch manifest 1", "502"),
    ),
    _case("pull", "manifest limited once", _TAG, _LIMITED, 1, waited=7),
    _case(
        *("pull", "manifest limited always", _TAG, _LIMITED, ALWAYS),
        fails(RegistryError, "429", "TOOMANYREQUESTS", "--registry-mirror"),
    ),
    _case("pull", "manifest hung up on", _TAG, hangs_up),
    _case(
        *("pull", "manifest hung up on always", _TAG, hangs_up, ALWAYS),
        fails(RegistryUnreachable, "fetch manifest 1", "connection broke"),
    ),
    _case("pull", "manifest cut", _TAG, cuts_the_answer(100)),
    _case(
        *("pull", "manifest truncated", _TAG, truncates(100), ALWAYS),
        fails(DigestMismatch, "bytes are not sha256:"),
    ),
    _case(
        *("pull", "manifest changed", _TAG, changes_the_answer, ALWAYS),
        fails(DigestMismatch, "bytes are not sha256:"),
    ),
    _case(
        *("pull", "manifest of another digest", _TAG, tells_another_digest, ALWAYS),
        fails(DigestMismatch, "bytes are not sha256:000"),
    ),
    _case(
        *("pull", "manifest 404", _TAG, answers(404, _said("MANIFEST_UNKNOWN")), 1),
        fails(ManifestUnknown, "404", "MANIFEST_UNKNOWN", "the tag"),
    ),
    _case(
        *("pull", "manifest 403", _TAG, answers(403, _said("DENIED")), 1),
        fails(Unauthorized, "403", "DENIED", "'builder'"),
    ),
    _case("pull", "token spoilt at the manifest", _TAG, spoils_the_token),
    _case(
        *(
            "pull",
            "token spoilt at the manifest always",
            _TAG,
            spoils_the_token,
            ALWAYS,
        ),
        fails(Unauthorized, "fetch manifest 1", "401"),
    ),
    _case("pull", "manifest led away", _TAG, LEAD_AWAY, ALWAYS),
    _case("pull", "config 500", _CONFIG, answers(500)),
    _case("pull", "config hung up on", _CONFIG, hangs_up),
    _case("pull", "config cut", _CONFIG, cuts_the_answer(50)),
    _case(
        *("pull", "config truncated", _CONFIG, truncates(50), ALWAYS),
        fails(DigestMismatch, "config"),
    ),
    _case(
        *("pull", "config changed", _CONFIG, changes_the_answer, ALWAYS),
        fails(DigestMismatch, "config"),
    ),
    _case(
        *("pull", "config 404", _CONFIG, answers(404, _said("BLOB_UNKNOWN")), ALWAYS),
        fails(RegistryError, "404", "BLOB_UNKNOWN", "sha256:"),
    ),
    _case("pull", "config led away", _CONFIG, LEAD_AWAY, ALWAYS),
    _case("pull", "layer 500", _LAYER, answers(500)),
    _case("pull", "layer 429 with Retry-After", _LAYER, _LIMITED, 1, waited=7),
    _case("pull", "layer hung up on", _LAYER, hangs_up),
    _case(
        *("pull", "layer hung up on always", _LAYER, hangs_up, ALWAYS),
        fails(RegistryUnreachable, "fetch sha256:", "connection broke"),
    ),
    _case("pull", "layer cut", _LAYER, cuts_the_answer(1_000_000)),
    _case("pull", "layer cut at its first byte", _LAYER, cuts_the_answer(0)),
    _case("pull", "layer cut three times", _LAYER, cuts_the_answer(700_000), 3),
    _case(
        *("pull", "layer cut always", _LAYER, cuts_the_answer(0), ALWAYS),
        fails(RegistryUnreachable, "fetch sha256:", "connection broke"),
    ),
    Case(
        name="pull: layer cut, and no ranges known",
        operation="pull",
        faults=(
            (_LAYER, cuts_the_answer(1_000_000), 1),
            (_LAYER, knows_no_ranges, ALWAYS),
        ),
    ),
    _case("pull", "layer truncated", _LAYER, truncates(1_000_000)),
    _case(
        *("pull", "layer empty always", _LAYER, truncates(0), ALWAYS),
        fails(DigestMismatch, "promised size"),
    ),
    _case(
        *("pull", "layer changed", _LAYER, changes_the_answer, ALWAYS),
        fails(DigestMismatch, "sha256:"),
    ),
    _case(
        *("pull", "layer too long", _LAYER, lengthens, ALWAYS),
        fails(DigestMismatch, "promised size"),
    ),
    _case("pull", "token spoilt at the layer", _LAYER, spoils_the_token),
    _case("pull", "layer led away", _LAYER, LEAD_AWAY, ALWAYS),
    _case("pull", "layer led away to 500", _LAYER, LEAD_AWAY, ALWAYS, storage=(500,)),
    _case(
        *("pull", "layer led away and cut", _LAYER, LEAD_AWAY, ALWAYS),
        storage=(-500_000,),
    ),
    _case(
        *("pull", "layer led away to 403", _LAYER, LEAD_AWAY, ALWAYS),
        fails(RegistryError, "403"),
        storage=(403,) * 9,
    ),
    _case("pull index", "index 500", _TAG, answers(500)),
    _case("pull index", "index cut", _TAG, cuts_the_answer(60)),
    _case(
        *("pull index", "index changed", _TAG, changes_the_answer, ALWAYS),
        fails(DigestMismatch, "bytes are not sha256:"),
    ),
    _case("pull index", "manifest of the index 502", _MANIFEST, answers(502)),
    _case("pull index", "manifest of the index cut", _MANIFEST, cuts_the_answer(9)),
    _case(
        *("pull index", "manifest of the index changed", _MANIFEST),
        *(changes_the_answer, ALWAYS, fails(DigestMismatch, "bytes are not sha256:")),
    ),
    _case(
        *("pull index", "manifest of the index gone", _MANIFEST, answers(404), 1),
        fails(ManifestUnknown, "404"),
    ),
    _case("pull index", "manifest of the index led away", _MANIFEST, LEAD_AWAY, ALWAYS),
    _case("look up", "tag 500", _HEAD_TAG, answers(500)),
    _case("look up", "tag hung up on", _HEAD_TAG, hangs_up),
    _case("look up", "tag limited once", _HEAD_TAG, _LIMITED, 1, waited=7),
    _case("look up", "token spoilt at the tag", _HEAD_TAG, spoils_the_token),
    _case(
        *("look up", "tag 503 always", _HEAD_TAG, answers(503), ALWAYS),
        fails(RegistryError, "look up 1", "503"),
    ),
)

PUSH = (
    _case("push", "check 500", _BEGIN, answers(500)),
    _case(
        *("push", "check 403", _BEGIN, answers(403, _said("DENIED")), ALWAYS),
        fails(Unauthorized, "checked before the build", "403", "DENIED"),
    ),
    _case("push", "token spoilt at the check", _BEGIN, spoils_the_token),
    _case("push", "look for the tag 500 always", _HEAD_TAG, answers(500), ALWAYS),
    _case("push", "look for a blob 500", _HEAD_BLOB, answers(500), ALWAYS),
    _case("push", "look for a blob 405", _HEAD_BLOB, answers(405), ALWAYS),
    _case(
        *("push", "look for a blob hung up on always", _HEAD_BLOB, hangs_up, ALWAYS),
        fails(RegistryUnreachable, "look for blobs/", "connection broke"),
    ),
    _case("push", "begin hung up on", _BEGIN, hangs_up, 2),
    _case("push", "begin limited", _BEGIN, _LIMITED, 1, waited=7),
    _case("push", "answer to begin lost", _BEGIN, loses_the_answer),
    _case("push", "bytes 500", _PATCH, answers(500)),
    _case(
        "push",
        "bytes 503 with Retry-After",
        _PATCH,
        answers(503, Retry_After="9"),
        1,
        waited=9,
    ),
    _case(
        *("push", "bytes 502 always", _PATCH, answers(502), ALWAYS),
        fails(RegistryError, "upload a blob", "502"),
    ),
    _case("push", "bytes cut", _PATCH, cuts_the_request(300_000)),
    _case("push", "bytes cut at the first", _PATCH, cuts_the_request(0)),
    _case(
        *("push", "bytes cut always", _PATCH, cuts_the_request(1000), ALWAYS),
        fails(RegistryUnreachable, "upload a blob", "connection broke"),
    ),
    _case("push", "answer to bytes lost", _PATCH, loses_the_answer),
    _case("push", "bytes changed on the way", _PATCH, changes_the_request),
    _case(
        *("push", "bytes changed always", _PATCH, changes_the_request, ALWAYS),
        fails(RegistryError, "upload a blob", "DIGEST_INVALID"),
    ),
    _case("push", "token spoilt at the bytes", _PATCH, spoils_the_token),
    _case("push", "session lost", _PATCH, answers(404, _said("BLOB_UPLOAD_UNKNOWN"))),
    _case("push", "range refused", _PATCH, answers(416)),
    _case("push", "bodies limited", _PATCH, limits_bodies(1 << 20), ALWAYS),
    _case(
        *("push", "bodies limited to nothing", _PATCH, limits_bodies(10), ALWAYS),
        fails(RegistryError, "413", "limits the size"),
    ),
    Case(
        name="push: pieces limited more and more",
        operation="push",
        faults=((_PATCH, limits_bodies(1 << 20), ALWAYS),),
        piece=8 << 20,
    ),
    _case(
        *("push", "bytes led away", _PATCH, LEAD_AWAY, ALWAYS),
        fails(RegistryError, "upload a blob", "307"),
    ),
    _case("push", "finish 500", _FINISH, answers(500)),
    _case("push", "finish hung up on", _FINISH, hangs_up),
    _case("push", "answer to finish lost", _FINISH, loses_the_answer),
    _case("push", "session lost at the finish", _FINISH, answers(404)),
    _case("push", "token spoilt at the finish", _FINISH, spoils_the_token),
    _case("push", "manifest 500", _PUT_TAG, answers(500)),
    _case("push", "manifest limited", _PUT_TAG, _LIMITED, 1, waited=7),
    _case(
        *("push", "manifest 502 always", _PUT_TAG, answers(502), ALWAYS),
        fails(RegistryError, "push manifest 1", "502"),
    ),
    _case("push", "manifest hung up on", _PUT_TAG, hangs_up),
    _case("push", "manifest cut", _PUT_TAG, cuts_the_request(20)),
    _case("push", "answer to the manifest lost", _PUT_TAG, loses_the_answer),
    _case("push", "token spoilt at the manifest", _PUT_TAG, spoils_the_token),
    _case(
        *("push", "manifest invalid", _PUT_TAG),
        *(answers(400, _said("MANIFEST_INVALID")), ALWAYS),
        fails(RegistryError, "push manifest 1", "400", "MANIFEST_INVALID"),
    ),
    _case(
        *("push", "blob gone at the manifest", _PUT_TAG),
        *(answers(404, _said("BLOB_UNKNOWN")), ALWAYS),
        fails(RegistryError, "push manifest 1", "404", "BLOB_UNKNOWN"),
    ),
    _case(
        *("push", "tag immutable", _PUT_TAG),
        *(answers(400, _said("TAG_INVALID", "the tag is immutable")), ALWAYS),
        fails(RegistryError, "immutable", "--push-ignore-immutable-tag-errors"),
    ),
    _case("push mounted", "mount 500", _MOUNT, answers(500), ALWAYS),
    _case("push mounted", "mount refused", _MOUNT, answers(403), ALWAYS),
    _case("push mounted", "mount unknown", _MOUNT, answers(404), ALWAYS),
    _case("push mounted", "token spoilt at the mount", _MOUNT, spoils_the_token),
    _case("push mounted", "mount hung up on", _MOUNT, hangs_up),
    _case("push mounted", "answer to the mount lost", _MOUNT, loses_the_answer),
)

CACHE = (
    _case("cache", "bytes 500", _PATCH, answers(500)),
    _case("cache", "bytes cut", _PATCH, cuts_the_request(5000)),
    _case("cache", "answer to finish lost", _FINISH, loses_the_answer),
    _case(
        *("cache", "entry 502 always", _PUT_TAG, answers(502), ALWAYS),
        fails(RegistryError, "push manifest 1", "502"),
    ),
    _case("cache", "entry limited", _PUT_TAG, _LIMITED, 1, waited=7),
    _case("fetch cached", "entry 500", _TAG, answers(500)),
    _case("fetch cached", "entry cut", _TAG, cuts_the_answer(40)),
    _case(
        *("fetch cached", "entry gone", _TAG, answers(404), ALWAYS),
        fails(ManifestUnknown, "404"),
    ),
    _case(
        *("fetch cached", "entry changed", _TAG, changes_the_answer, ALWAYS),
        fails(DigestMismatch, "bytes are not sha256:"),
    ),
    _case("fetch cached", "layer cut", _LAYER, cuts_the_answer(900_000)),
    _case("fetch cached", "layer led away", _LAYER, LEAD_AWAY, ALWAYS),
    _case("fetch cached", "token spoilt at the layer", _LAYER, spoils_the_token),
)

CASES = PULL + PUSH + CACHE
