"""Wires what `kanipy login` needs; see `container`."""

from __future__ import annotations

from dependency_injector import containers, providers

from application.log_in import LogIn
from application.options import LoginOptions
from entrypoints import builders, credential_builders


class LoginContainer(containers.DeclarativeContainer):
    """Everything one `kanipy login` needs, made of its options."""

    options: providers.Dependency[LoginOptions] = providers.Dependency(
        instance_of=LoginOptions
    )

    reporter = providers.Singleton(builders.reporter, options.provided.log)
    log_in = providers.Singleton(
        LogIn,
        accounts=providers.Singleton(credential_builders.accounts, options, reporter),
        store=providers.Singleton(
            credential_builders.credential_store, options.provided.credentials, reporter
        ),
        reporter=reporter,
    )
