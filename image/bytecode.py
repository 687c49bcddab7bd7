"""Python files become bytecode without sources: half the size, one file a module.

The bytecode is unchecked: there is no source to compare it with. What is lost are the
lines of code in a traceback; file names and line numbers stay.
"""

import py_compile
import sys
from pathlib import Path


def compile_below(root: Path, place: str) -> None:
    """Replace every Python file below a directory by its bytecode.

    Args:
        root: The directory.
        place: Where it will lie in the image; tracebacks name it.

    Raises:
        SystemExit: A file cannot be compiled.
    """
    for path in sorted(root.rglob("*.py")):
        shown = f"{place}/{path.relative_to(root)}"
        try:
            py_compile.compile(
                str(path),
                cfile=str(path.with_suffix(".pyc")),
                dfile=shown,
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except py_compile.PyCompileError as error:
            sys.exit(f"{shown}: {error}")
        path.unlink()
