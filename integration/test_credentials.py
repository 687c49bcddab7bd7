"""The whole program finds credentials, says where, and shows them to nobody else."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest

from integration.executor import COMMAND, ENVIRONMENT, Executor, write_context
from integration.services.registry import Account, Registry


@pytest.fixture
def account(private_registry: Registry) -> Account:
    assert private_registry.account is not None
    return private_registry.account


def _file(directory: Path, document: object) -> dict[str, str]:
    (directory / "config.json").write_text(json.dumps(document))
    return {"DOCKER_CONFIG": str(directory)}


def _auth(account: Account) -> str:
    return base64.b64encode(f"{account.user}:{account.password}".encode()).decode()


def _variables(
    kind: str, directory: Path, registry: Registry, account: Account
) -> tuple[dict[str, str], str]:
    """Return variables that lead to the account in some way, and what is told."""
    if kind == "file":
        auths = {registry.host: {"auth": _auth(account)}}
        return _file(directory, {"auths": auths}), str(directory / "config.json")
    if kind == "helper":
        program = directory / "docker-credential-vault"
        answer = json.dumps({"Username": account.user, "Secret": account.password})
        program.write_text(f"#!/bin/sh\ncat > {directory}/asked\necho '{answer}'\n")
        program.chmod(0o755)
        document = {"credHelpers": {registry.host: "vault"}}
        path = {"PATH": f"{directory}:/usr/sbin:/usr/bin:/sbin:/bin"}
        return _file(directory, document) | path, str(program)
    if kind == "variables":
        name = "KANIKO_127_0_0_1"
        login = {f"{name}_USER": account.user, f"{name}_PASSWORD": account.password}
        return login, f"{name}_USER"
    job = {
        "CI_REGISTRY": registry.host,
        "CI_REGISTRY_USER": account.user,
        "CI_REGISTRY_PASSWORD": account.password,
    }
    return job, "CI_REGISTRY_USER"


@pytest.mark.parametrize("kind", ["file", "helper", "variables", "gitlab"])
def test_a_push_and_a_pull_with_a_credential(
    executor: Executor,
    private_registry: Registry,
    account: Account,
    tmp_path: Path,
    kind: str,
) -> None:
    directory = tmp_path / "found"
    directory.mkdir()
    variables, source = _variables(kind, directory, private_registry, account)
    context = write_context(tmp_path / "context", "FROM scratch\nCOPY Dockerfile /\n")
    name = f"{private_registry.host}/found/{kind}"
    usual = {"HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path / "none")}
    flags = ("--verbosity=trace",)
    environment = usual | variables
    pushed = executor.run(
        context, f"--destination={name}:1", *flags, environment=environment
    ).check()
    again = write_context(tmp_path / "again", f"FROM {name}:1\nCOPY Dockerfile /b\n")
    pulled = executor.run(
        again, f"--destination={name}:2", *flags, environment=environment
    ).check()
    for told in (pushed.log, pulled.log):
        line = f"Using the credential for {private_registry.host} from {source}"
        assert told.count(line) == 1
        assert account.password not in told
        assert _auth(account) not in told


def test_who_has_logged_in_can_push(
    executor: Executor, private_registry: Registry, account: Account, tmp_path: Path
) -> None:
    environment = {"HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path / "docker")}
    words = ["login", private_registry.host, "-u", account.user, "--password-stdin"]
    file = tmp_path / "docker/config.json"
    for password, status in (("wrong", 1), (account.password, 0)):
        done = subprocess.run(
            [*COMMAND, *words, "--verbosity=trace"],
            input=f"{password}\n",
            capture_output=True,
            text=True,
            check=False,
            env=ENVIRONMENT | environment,
        )
        assert done.returncode == status, done.stderr
        assert password not in done.stdout + done.stderr
        assert file.exists() is (status == 0)
    assert file.stat().st_mode & 0o777 == 0o600
    context = write_context(tmp_path / "context", "FROM scratch\nCOPY Dockerfile /\n")
    destination = f"--destination={private_registry.host}/found/login:1"
    executor.run(context, destination, environment=environment).check()


def test_nobody_has_a_credential(
    executor: Executor, private_registry: Registry, tmp_path: Path
) -> None:
    context = write_context(tmp_path / "context", "FROM scratch\nCOPY Dockerfile /\n")
    outcome = executor.run(
        context,
        f"--destination={private_registry.host}/found/nothing:1",
        environment={"HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path)},
    )
    assert outcome.status == 1
    assert "401" in outcome.log
    assert "no credential was found" in outcome.log
