"""The use case: log in to a registry, and keep the credential for builds."""

from __future__ import annotations

from application.ports.credentials import Accounts, Credential, CredentialStore
from application.ports.reporter import Reporter


class LogIn:
    """Keeps a credential that a registry accepts.

    Args:
        accounts: Know whom registries let in.
        store: Keeps credentials.
        reporter: Is told what happens.
    """

    def __init__(
        self, *, accounts: Accounts, store: CredentialStore, reporter: Reporter
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._reporter = reporter

    def run(self, registry: str, username: str, password: str) -> None:
        """Log in; what a registry refuses is not kept.

        Raises:
            Unauthorized: The registry refuses it.
            RegistryError: It fails, or cannot be reached.
            UsageError, OutputError: It cannot be kept.
        """
        credential = Credential(username=username, password=password)
        if not self._accounts.check(registry, credential):
            self._reporter.warning(
                f"{registry} asks nobody for a password: it was not checked"
            )
        place = self._store.keep(registry, credential)
        self._reporter.info(f"Logged in to {registry}; the password is in {place}")
