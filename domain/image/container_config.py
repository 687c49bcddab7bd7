"""How a container of an image is run: the `config` object of an image config.

Docker's fields beyond the OCI specification (health check, ON BUILD triggers,
shell) are typed as well; what is not known is kept and written back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from domain.image.json_fields import Fields, JsonObject, present
from domain.values import dataclass, field, replace

_KNOWN = frozenset(
    {
        "User",
        "ExposedPorts",
        "Env",
        "Entrypoint",
        "Cmd",
        "Volumes",
        "WorkingDir",
        "Labels",
        "StopSignal",
        "ArgsEscaped",
        "Healthcheck",
        "OnBuild",
        "Shell",
    }
)
_JUNK = frozenset(
    {
        # Facts of the container that some old tool made the image from.
        "Hostname",
        "Domainname",
        "AttachStdin",
        "AttachStdout",
        "AttachStderr",
        "Tty",
        "OpenStdin",
        "StdinOnce",
        "Image",
        "NetworkDisabled",
        "MacAddress",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """How docker finds out whether a container works.

    Attributes:
        test: ("NONE",), ("CMD", …), ("CMD-SHELL", command), or () to inherit.
        interval_ns: Time between two checks, nanoseconds; 0 inherits, as below.
        timeout_ns: Time after which a check counts as failed.
        start_period_ns: Time in which failures do not count.
        start_interval_ns: Time between two checks in the start period.
        retries: Failures in a row that make the container unhealthy.
    """

    test: tuple[str, ...] = ()
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0

    @classmethod
    def from_json(cls, fields: Fields) -> Self:
        """Read docker's object."""
        return cls(
            test=fields.texts("Test") or (),
            interval_ns=fields.integer("Interval"),
            timeout_ns=fields.integer("Timeout"),
            start_period_ns=fields.integer("StartPeriod"),
            start_interval_ns=fields.integer("StartInterval"),
            retries=fields.integer("Retries"),
        )

    def to_json(self) -> JsonObject:
        """Return docker's object, empty fields left out."""
        return present(
            {
                "Test": list(self.test),
                "Interval": self.interval_ns,
                "Timeout": self.timeout_ns,
                "StartPeriod": self.start_period_ns,
                "StartInterval": self.start_interval_ns,
                "Retries": self.retries,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerConfig:
    """How a container of the image is run.

    Attributes:
        env: (name, value) pairs in order; each name once.
        cmd: Arguments, or None where the image has none.
        entrypoint: Program and first arguments, or None.
        user: "user", "uid", "user:group", …; "" is root.
        working_dir: Absolute path; "" is the root.
        labels: Labels.
        exposed_ports: "80/tcp", …
        volumes: Absolute paths.
        stop_signal: Signal name or number; "" is SIGTERM.
        shell: Shell of the shell form, None for the default one.
        healthcheck: Health check, or None.
        on_build: Instructions to run when something is built on the image.
        args_escaped: Windows: the arguments are escaped already.
        extra: Fields not known here, as received.
    """

    env: tuple[tuple[str, str], ...] = ()
    cmd: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    user: str = ""
    working_dir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    exposed_ports: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    stop_signal: str = ""
    shell: tuple[str, ...] | None = None
    healthcheck: Healthcheck | None = None
    on_build: tuple[str, ...] = ()
    args_escaped: bool = False
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, fields: Fields) -> Self:
        """Read the object.

        Raises:
            InvalidImage: A field has the wrong type.
        """
        healthcheck = fields.child("Healthcheck")
        return cls(
            env=_parse_env(fields.texts("Env") or ()),
            cmd=fields.texts("Cmd"),
            entrypoint=fields.texts("Entrypoint"),
            user=fields.text("User"),
            working_dir=fields.text("WorkingDir"),
            labels=fields.text_map("Labels"),
            exposed_ports=fields.names("ExposedPorts"),
            volumes=fields.names("Volumes"),
            stop_signal=fields.text("StopSignal"),
            shell=fields.texts("Shell"),
            healthcheck=Healthcheck.from_json(healthcheck) if healthcheck else None,
            on_build=fields.texts("OnBuild") or (),
            args_escaped=fields.boolean("ArgsEscaped"),
            extra=fields.others(_KNOWN),
        )

    def to_json(self) -> JsonObject:
        """Return the object in docker's order, empty fields left out."""
        known = present(
            {
                "User": self.user,
                "ExposedPorts": {port: {} for port in sorted(self.exposed_ports)},
                "Env": [f"{name}={value}" for name, value in self.env],
                "Entrypoint": list(self.entrypoint or ()),
                "Cmd": list(self.cmd or ()),
                "Volumes": {path: {} for path in sorted(self.volumes)},
                "WorkingDir": self.working_dir,
                "Labels": dict(sorted(self.labels.items())),
                "StopSignal": self.stop_signal,
                "ArgsEscaped": self.args_escaped,
                "Healthcheck": self.healthcheck.to_json() if self.healthcheck else None,
                "OnBuild": list(self.on_build),
                "Shell": list(self.shell or ()),
            }
        )
        return known | dict(sorted(self.extra.items()))

    def with_env(self, name: str, value: str) -> Self:
        """Return this with a variable set; a known one keeps its place."""
        if any(name == known for known, _ in self.env):
            env = tuple((k, value if k == name else v) for k, v in self.env)
            return replace(self, env=env)
        return replace(self, env=(*self.env, (name, value)))

    def as_base(self) -> Self:
        """Return this without the facts of a container that made it."""
        kept = {key: item for key, item in self.extra.items() if key not in _JUNK}
        return replace(self, extra=kept)


def _parse_env(pairs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Split `NAME=value` strings; of equal names the first place, the last value."""
    env: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        env[name] = value
    return tuple(env.items())
