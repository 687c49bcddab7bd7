"""Users and groups of an image, from the bytes of its /etc/passwd and /etc/group.

The files of the image are parsed here and nowhere else; the C library of the
machine we run on never answers for them.
"""

from __future__ import annotations

from domain.values import dataclass
from typing import Self

from domain.errors import BuildRuleError

MAXIMUM_ID = 2**32 - 2
"""Largest user or group number; -1 means "unchanged" to the kernel."""

_PASSWD_FIELDS = 7
_GROUP_FIELDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A line of /etc/group."""

    name: str
    gid: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a process runs as.

    Attributes:
        uid: User number.
        gid: Group number.
        groups: Supplementary groups.
        home: Home directory, "/" for a number that has no line.
    """

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Owner and group of files that COPY or ADD makes."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The users and groups an image knows."""

    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()

    @classmethod
    def parse(cls, passwd: bytes, group: bytes) -> Self:
        """Parse both files; lines that are no accounts are passed over."""
        return cls(
            users=tuple(filter(None, map(_user, _lines(passwd)))),
            groups=tuple(filter(None, map(_group, _lines(group)))),
        )

    def identity(self, user: str) -> Identity:
        """Return who `USER user[:group]` runs as.

        An explicit group is the only one (docker does so); otherwise the
        primary group of /etc/passwd and those of /etc/group.

        Raises:
            BuildRuleError: A name has no line, or a number is out of range.
        """
        name, colon, group = user.partition(":")
        known = self._user(name or "0")
        uid = known.uid if known else self._number(name, "user", "passwd")
        if colon and group:
            gid = self._gid(group)
            return Identity(uid=uid, gid=gid, home=known.home if known else "/")
        if known is None:
            home = "/root" if uid == 0 else "/"
            return Identity(uid=uid, gid=0, home=home)
        groups = tuple(g.gid for g in self.groups if known.name in g.members)
        return Identity(uid=uid, gid=known.gid, groups=groups, home=known.home)

    def owner(self, text: str) -> Owner:
        """Return the owner `--chown=user[:group]` names.

        A number alone is user and group; a name alone brings its primary group.

        Raises:
            BuildRuleError: A name has no line. (docker takes root for it.)
        """
        name, colon, group = text.partition(":")
        if _are_numbers(name):
            uid = self._number(name, "user", "passwd")
            gid = uid
        elif name in ("root", ""):
            uid = gid = 0
        else:
            uid, gid = self._named(name)
        if colon and group:
            gid = 0 if group == "root" else self._gid(group)
        return Owner(uid=uid, gid=gid)

    def _named(self, name: str) -> tuple[int, int]:
        known = self._user(name)
        if known is None:
            raise _unknown("user", name, "passwd")
        return known.uid, known.gid

    def _user(self, name: str) -> User | None:
        """Find a user by name, else by number."""
        for user in self.users:
            if user.name == name:
                return user
        if not _are_numbers(name):
            return None
        number = int(name)
        return next((user for user in self.users if user.uid == number), None)

    def _gid(self, name: str) -> int:
        for group in self.groups:
            if group.name == name:
                return group.gid
        return self._number(name, "group", "group")

    @staticmethod
    def _number(text: str, kind: str, file: str) -> int:
        if text in ("", "root"):
            return 0
        if not _are_numbers(text):
            raise _unknown(kind, text, file)
        if int(text) > MAXIMUM_ID:
            message = f"{kind} {text} is out of range"
            raise BuildRuleError(message, hint=f"use a number up to {MAXIMUM_ID}")
        return int(text)


def _unknown(kind: str, name: str, file: str) -> BuildRuleError:
    return BuildRuleError(
        f"unable to find {kind} {name}: no matching entries in {file} file",
        hint=f"create it in an earlier RUN, or give the {kind}'s number",
    )


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "surrogateescape")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _user(line: str) -> User | None:
    fields = line.split(":")
    if len(fields) < _PASSWD_FIELDS - 1 or not _are_numbers(fields[2], fields[3]):
        return None
    home = fields[5] or "/"
    return User(name=fields[0], uid=int(fields[2]), gid=int(fields[3]), home=home)


def _group(line: str) -> Group | None:
    fields = line.split(":")
    if len(fields) < _GROUP_FIELDS - 1 or not _are_numbers(fields[2]):
        return None
    members = fields[3].split(",") if len(fields) >= _GROUP_FIELDS else []
    names = tuple(name for name in members if name)
    return Group(name=fields[0], gid=int(fields[2]), members=names)


def _are_numbers(*fields: str) -> bool:
    return all(field.isdigit() and field.isascii() for field in fields)
