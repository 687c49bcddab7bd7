"""What a stage has become so far: config, variables. Pure, replaced at each step."""

from __future__ import annotations

from collections.abc import Mapping
from domain.values import dataclass, field, replace
from typing import Self

from domain.image.config import ContainerConfig, ImageConfig

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""PATH of an image that has none (docker's)."""

DEFAULT_SHELL = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageState:
    """A stage between two instructions.

    Attributes:
        image: Config, history and diff IDs so far.
        variables: Every variable RUN sees and words are expanded with, in the
            order they were first set: those of the config and declared ARGs.
        arguments: Declared ARGs with what the last ARG gave them, for history texts.
        has_own_cmd: Whether this stage has a CMD, so that ENTRYPOINT keeps it.
    """

    image: ImageConfig
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    arguments: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    has_own_cmd: bool = False

    @classmethod
    def start(cls, image: ImageConfig) -> Self:
        """Begin a stage on the config of an image (`FROM image`)."""
        base = image.as_base()
        if not any(name == "PATH" for name, _ in base.config.env):
            base = replace(base, config=base.config.with_env("PATH", DEFAULT_PATH))
        return cls(image=base, variables=dict(base.config.env))

    def child(self) -> Self:
        """Begin a stage on this one (`FROM stage`): its ARGs are inherited."""
        return replace(self, image=self.image.as_base(), has_own_cmd=False)

    @property
    def config(self) -> ContainerConfig:
        """How a container of the image is run."""
        return self.image.config

    @property
    def working_directory(self) -> str:
        """The working directory, "/" where none is set."""
        return self.config.working_dir or "/"

    @property
    def shell(self) -> tuple[str, ...]:
        """The shell of the shell form."""
        return self.config.shell or DEFAULT_SHELL

    def with_config(self, config: ContainerConfig) -> Self:
        """Return this with another config."""
        return replace(self, image=replace(self.image, config=config))

    def with_env(self, name: str, value: str) -> Self:
        """Return this with an ENV set."""
        state = self.with_config(self.config.with_env(name, value))
        return replace(state, variables={**self.variables, name: value})

    def with_argument(self, name: str, value: str | None) -> Self:
        """Return this with an ARG declared; None declares it without a value."""
        given = {} if value is None else {name: value}
        return replace(
            self,
            variables={**self.variables, **given},
            arguments={**self.arguments, name: value},
        )

    def without_triggers(self) -> Self:
        """Return this without ONBUILD triggers: they have been taken to run."""
        return self.with_config(replace(self.config, on_build=()))
