"""`--secret` and `--ssh`: buildx's forms, and that no value is ever shown."""

import pytest

from application.options import AgentOption, SecretOption
from domain.errors import UsageError
from tests.entrypoints.command_line import failure, options

ENVIRONMENT = {"TOKEN": "s3cret", "here": "set", "SSH_AUTH_SOCK": "/run/agent"}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("id=a,src=/f", SecretOption(id="a", path="/f")),
        ("ID=a,source=/f,type=file", SecretOption(id="a", path="/f")),
        ("id=a", SecretOption(id="a", path="a")),
        ("id=a,type=file", SecretOption(id="a", path="a")),
        ("id=here,type=file", SecretOption(id="here", path="here")),
        ("id=here,src=/f", SecretOption(id="here", path="/f")),
        ("id=here", SecretOption(id="here", value=b"set")),
        ("id=a,env=TOKEN", SecretOption(id="a", value=b"s3cret")),
        ("id=a,type=env,env=TOKEN", SecretOption(id="a", value=b"s3cret")),
        ("id=a,type=env,src=TOKEN", SecretOption(id="a", value=b"s3cret")),
        ("id=here,type=env", SecretOption(id="here", value=b"set")),
        ('id=a,"src=/f,g"', SecretOption(id="a", path="/f,g")),
    ],
)
def test_a_secret_is_a_file_or_a_variable(text: str, secret: SecretOption) -> None:
    given = options(f"--secret={text}", environment=ENVIRONMENT)
    assert given.input.secrets == (secret,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no id"),
        ("src=/f", "has no id"),
        ("id=a,env=NONE", "the variable NONE is not set"),
        ("id=a,type=env", "the variable a is not set"),
        ("id=a,src=/f,env=TOKEN", "both a file and a variable"),
        ("id=a,type=file,env=TOKEN", "of type file has env"),
        ("id=a,type=vault", 'unknown type "vault"'),
        ("id=a,mode=0400", 'invalid field "mode=0400"'),
        ("id", 'invalid field "id"'),
        ('"id=a', "--secret"),
    ],
)
def test_a_wrong_secret_is_refused(text: str, message: str) -> None:
    error = failure("--no-push", f"--secret={text}", environment=ENVIRONMENT)
    assert isinstance(error, UsageError)
    assert message in error.message
    assert error.hint


def test_an_id_is_given_once() -> None:
    words = ("--secret=id=a,src=/f", "--secret=id=a,src=/g")
    assert "given twice" in failure("--no-push", *words).message
    words = ("--ssh=a=/f", "--ssh=a=/g")
    assert "given twice" in failure("--no-push", *words).message


def test_no_value_is_shown() -> None:
    given = options("--secret=id=a,env=TOKEN", environment=ENVIRONMENT)
    assert "s3cret" not in repr(given)


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("default", AgentOption(id="default", path="/run/agent")),
        ("git", AgentOption(id="git", path="/run/agent")),
        ("git=/a.sock", AgentOption(id="git", path="/a.sock")),
    ],
)
def test_an_agent_is_a_socket(text: str, agent: AgentOption) -> None:
    given = options(f"--ssh={text}", environment=ENVIRONMENT)
    assert given.input.agents == (agent,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("default", "SSH_AUTH_SOCK is not set"),
        ("=/a", "names no socket"),
        ("a=/k1,/k2", "keys are not read"),
    ],
)
def test_a_wrong_agent_is_refused(text: str, message: str) -> None:
    error = failure("--no-push", f"--ssh={text}")
    assert isinstance(error, UsageError)
    assert message in error.message
