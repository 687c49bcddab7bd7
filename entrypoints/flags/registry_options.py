"""Builds `RegistryOptions` from flags and environment, and who has credentials."""

from collections.abc import Iterable

from application.options import CREDENTIAL_HELPERS, RegistryOptions
from domain.errors import InvalidReference, UsageError
from domain.image.reference import normalise_registry
from domain.image.registry_map import (
    Mirror,
    RegistryMap,
    parse_maps,
    parse_mirrors,
)
from domain.values import replace
from entrypoints.flags.environment import Environment
from entrypoints.flags.given import GivenFlags

_MAP = "KANIKO_REGISTRY_MAP"
_MIRROR = "KANIKO_REGISTRY_MIRROR"


def registry_options(given: GivenFlags, environment: Environment) -> RegistryOptions:
    """Build the options of registries, for pulling and pushing.

    Raises:
        UsageError: A value that is well formed as a word and means nothing.
    """
    return replace(
        pull_options(given, environment),
        insecure_push=given.boolean("insecure"),
        skip_tls_verify_push=given.boolean("skip-tls-verify"),
        keep_immutable_tags=given.boolean("push-ignore-immutable-tag-errors"),
        push_retries=max(0, given.integer("push-retry")),
        check_push_permission=not given.boolean("skip-push-permission-check"),
    )


def pull_options(given: GivenFlags, environment: Environment) -> RegistryOptions:
    """Build the options of registries, as far as they are about pulling.

    Raises:
        UsageError: As `registry_options`.
    """
    return RegistryOptions(
        insecure_pull=given.boolean("insecure-pull"),
        insecure_registries=_hosts(given, "insecure-registry"),
        skip_tls_verify_pull=given.boolean("skip-tls-verify-pull"),
        skip_tls_verify_registries=_hosts(given, "skip-tls-verify-registry"),
        certificates=given.pairs("registry-certificate"),
        client_certificates=tuple(_client_certificates(given)),
        mirrors=RegistryMap(
            mirrors=(*_maps(given, environment), *_mirrors(given, environment)),
            falls_back=not given.boolean("skip-default-registry-fallback"),
        ),
        download_retries=max(0, given.integer("image-download-retry")),
        client_type=environment.get("UPSTREAM_CLIENT_TYPE", ""),
    )


def credential_helpers(given: GivenFlags) -> tuple[str, ...]:
    """Return whom to ask for credentials, in the order in which they are asked.

    Raises:
        UsageError: `--credential-helpers` names somebody else.
    """
    if not given.given("credential-helpers"):
        return CREDENTIAL_HELPERS
    texts = given.texts("credential-helpers")
    names = {name.strip() for text in texts for name in text.split(",")} - {""}
    if unknown := sorted(names - {*CREDENTIAL_HELPERS}):
        raise UsageError(
            f'--credential-helpers names "{unknown[0]}", which is unknown',
            hint=f"the helpers are {', '.join(CREDENTIAL_HELPERS)}; docker's "
            "configuration, and the helpers it names, are always asked first",
        )
    return tuple(name for name in CREDENTIAL_HELPERS if name in names)


def _hosts(given: GivenFlags, name: str) -> tuple[str, ...]:
    return tuple(host for host in given.texts(name) if host)


def _client_certificates(given: GivenFlags) -> Iterable[tuple[str, str, str]]:
    for host, files in given.pairs("registry-client-cert"):
        certificate, comma, key = files.partition(",")
        if not (certificate and comma and key) or "," in key:
            raise UsageError(
                f"invalid --registry-client-cert={host}={files}",
                hint="write HOST=CERTIFICATE,KEY: two PEM files with a comma between",
            )
        yield normalise_registry(host), certificate, key


def _maps(
    given: GivenFlags, environment: Environment
) -> tuple[tuple[str, Mirror], ...]:
    texts = (*given.texts("registry-map"), environment.get(_MAP, ""))
    try:
        return parse_maps(texts)
    except (InvalidReference, ValueError) as error:
        raise UsageError(
            f"invalid --registry-map or {_MAP}: {error}",
            hint="write REGISTRY=HOST[:PORT][/PREFIX], several separated by semicolons",
        ) from error


def _mirrors(
    given: GivenFlags, environment: Environment
) -> tuple[tuple[str, Mirror], ...]:
    texts = (*given.texts("registry-mirror"), environment.get(_MIRROR, ""))
    try:
        return parse_mirrors(texts)
    except InvalidReference as error:
        raise UsageError(
            f"invalid --registry-mirror or {_MIRROR}: {error}",
            hint="write HOST[:PORT][/PREFIX], without a scheme",
        ) from error
