"""What COPY, ADD and mounts take files from, but for the stages themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from application.contents import CONTEXT_ORIGIN, Contents, ContextFiles
from application.context_tree import own_ignore_rules, read_context_tree
from application.errors import RegistryError
from application.layered_filesystem import LayeredFilesystem
from application.ports.context import ContextSource
from application.prepare_build import PreparedBuild
from application.stage_bases import StageBases
from domain.build.copying import SourceTree
from domain.values import replace


class CopySources:
    """The sources of one run of a build, each read when it is first asked for.

    Attributes:
        images: File systems of the images among them.
    """

    def __init__(
        self,
        prepared: PreparedBuild,
        *,
        named_contexts: Mapping[str, ContextSource],
        bases: StageBases,
        contents: Contents,
    ) -> None:
        """Take the services.

        Args:
            prepared: The build.
            named_contexts: Further contexts that are directories, by name.
            bases: Makes the file systems of images.
            contents: Is told of every file system that is found.
        """
        self.images: list[LayeredFilesystem] = []
        self._prepared = prepared
        self._named_contexts = named_contexts
        self._bases = bases
        self._contents = contents
        self._found: dict[str, SourceTree] = {}
        self._copied: dict[str, LayeredFilesystem] = {}
        contents.add(CONTEXT_ORIGIN, ContextFiles(prepared.context))

    def context(self) -> SourceTree:
        """Return the build context.

        Raises:
            KanipyError: It cannot be read.
        """
        if CONTEXT_ORIGIN not in self._found:
            prepared = self._prepared
            self._found[CONTEXT_ORIGIN] = SourceTree(
                tree=read_context_tree(prepared.context, prepared.ignore),
                origin=CONTEXT_ORIGIN,
                keeps_owners=False,
                description="the build context",
            )
        return self._found[CONTEXT_ORIGIN]

    def named(self, name: str, line: int) -> SourceTree:
        """Return the context, or else the image, of a name that is no stage's.

        Args:
            name: The name.
            line: Line of the instruction that has it.

        Raises:
            KanipyError: It cannot be read.
        """
        if name in self._named_contexts:
            return self._named_context(name)
        try:
            return self._image(name)
        except RegistryError as error:
            if not set(name) & set("/:@"):
                error.hint = f"no stage before line {line} is named {name}"
            raise

    def stage(self, files: LayeredFilesystem, description: str) -> SourceTree:
        """Return a stage, or an image, as what files are copied from."""
        self._copied[files.name] = files
        return SourceTree(
            tree=files.tree,
            origin=files.name,
            keeps_owners=True,
            description=description,
            is_thin=files.is_thin,
        )

    def complete(self, source: SourceTree, paths: Iterable[str]) -> SourceTree:
        """Return a thin source with all about some of its files."""
        if not source.is_thin:
            return source
        return replace(source, tree=self._copied[source.origin].tree_with(paths))

    def _named_context(self, name: str) -> SourceTree:
        origin = f"context:{name}"
        if origin not in self._found:
            context = self._named_contexts[name].fetch()
            self._contents.add(origin, ContextFiles(context))
            self._found[origin] = SourceTree(
                tree=read_context_tree(context, own_ignore_rules(context)),
                origin=origin,
                keeps_owners=False,
                description=f"the build context {name}",
            )
        return self._found[origin]

    def _image(self, name: str) -> SourceTree:
        origin = f"image:{name}"
        if origin not in self._found:
            files = self._bases.image(origin, name, self._prepared.platform)
            self.images.append(files)
            self._contents.add(origin, files)
            self._found[origin] = self.stage(files, f"image {name}")
        return self._found[origin]
