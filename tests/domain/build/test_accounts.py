"""Who a name or number is, by the image's own account files."""

import pytest

from domain.build.accounts import Accounts, Group, Identity, Owner, User
from domain.errors import BuildRuleError

PASSWD = b"""\
# a comment
root:x:0:0:root:/root:/bin/sh
app:x:1000:1001:An App:/home/app:/bin/sh
nohome:x:1002:1002:::
short:x:7
odd:x:minus:1:::
1234:x:77:78::/digits:
"""
GROUP = b"""\
root:x:0:
app:x:1001:
docker:x:999:app,other
wheel:x:10:other,app
short:x:11
broken:x:eleven:app
"""
ACCOUNTS = Accounts.parse(PASSWD, GROUP)


def test_lines_that_are_no_accounts_are_passed_over() -> None:
    assert [user.name for user in ACCOUNTS.users] == ["root", "app", "nohome", "1234"]
    assert [group.name for group in ACCOUNTS.groups] == [
        *("root", "app", "docker", "wheel", "short")
    ]


def test_an_account_keeps_its_fields() -> None:
    assert ACCOUNTS.users[1] == User(name="app", uid=1000, gid=1001, home="/home/app")
    assert ACCOUNTS.groups[2] == Group(name="docker", gid=999, members=("app", "other"))


def test_a_user_without_a_home_lives_in_the_root() -> None:
    assert ACCOUNTS.identity("nohome").home == "/"


def test_names_that_are_not_utf8_and_odd_separators_are_kept() -> None:
    passwd = b"caf\xe9:x:5:6:a\x0bb\x1cc\xe2\x80\xa8d:/h:\r\n"
    (user,) = Accounts.parse(passwd, b"").users
    assert (user.name, user.home) == ("caf\udce9", "/h")


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Identity(uid=0, gid=0, home="/root")),
        ("root", Identity(uid=0, gid=0, home="/root")),
        ("0", Identity(uid=0, gid=0, home="/root")),
        ("app", Identity(uid=1000, gid=1001, groups=(999, 10), home="/home/app")),
        ("1000", Identity(uid=1000, gid=1001, groups=(999, 10), home="/home/app")),
        ("1234", Identity(uid=77, gid=78, home="/digits")),
        ("4321", Identity(uid=4321, gid=0, home="/")),
        ("app:docker", Identity(uid=1000, gid=999, home="/home/app")),
        ("app:5", Identity(uid=1000, gid=5, home="/home/app")),
        ("4321:wheel", Identity(uid=4321, gid=10, home="/")),
        ("app:root", Identity(uid=1000, gid=0, home="/home/app")),
        ("app:", Identity(uid=1000, gid=1001, groups=(999, 10), home="/home/app")),
    ],
)
def test_identity_of_a_user(user: str, expected: Identity) -> None:
    assert ACCOUNTS.identity(user) == expected


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Identity(uid=0, gid=0, home="/root")),
        ("root", Identity(uid=0, gid=0, home="/root")),
        ("12", Identity(uid=12, gid=0, home="/")),
        ("12:34", Identity(uid=12, gid=34, home="/")),
        ("root:root", Identity(uid=0, gid=0, home="/")),
    ],
)
def test_numbers_and_root_need_no_account_files(user: str, expected: Identity) -> None:
    assert Accounts().identity(user) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app", Owner(uid=1000, gid=1001)),
        ("app:docker", Owner(uid=1000, gid=999)),
        ("app:root", Owner(uid=1000, gid=0)),
        ("app:", Owner(uid=1000, gid=1001)),
        ("7", Owner(uid=7, gid=7)),
        ("1000", Owner(uid=1000, gid=1000)),
        ("7:8", Owner(uid=7, gid=8)),
        ("7:wheel", Owner(uid=7, gid=10)),
        ("root:wheel", Owner(uid=0, gid=10)),
        (":wheel", Owner(uid=0, gid=10)),
    ],
)
def test_owner_of_chown(text: str, expected: Owner) -> None:
    """A number alone is user and group, a name brings its primary group."""
    assert ACCOUNTS.owner(text) == expected


def test_owner_root_needs_no_account_files() -> None:
    assert Accounts().owner("root:root") == Owner(uid=0, gid=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nobody", "unable to find user nobody: no matching entries in passwd file"),
        ("app:nobody", "unable to find group nobody: no matching entries in group"),
        ("4294967295", "user 4294967295 is out of range"),
        ("1:4294967295", "group 4294967295 is out of range"),
        ("²", "unable to find user ²"),
        ("-1", "unable to find user -1"),
    ],
)
def test_unknown_accounts_are_refused_with_a_remedy(text: str, message: str) -> None:
    for find in (ACCOUNTS.identity, ACCOUNTS.owner):
        with pytest.raises(BuildRuleError) as caught:
            find(text)
        assert caught.value.message.startswith(message)
        assert caught.value.hint
