"""`git submodule [--quiet] update …` for an image without a shell.

Git's own is a shell script around `git submodule--helper`; this is as much of it as the
product calls, at the top of a working tree. Anything else is refused.
"""

import os
import sys

_FLAGS = ("--quiet", "--init", "--recursive", "--force")


def main() -> None:
    """Replace this process by git's helper.

    Raises:
        SystemExit: Something else than `update` was asked for.
    """
    words = sys.argv[1:]
    if "update" not in words:
        sys.exit("git submodule: only `update` is available")
    words.remove("update")
    known = [word for word in words if word in _FLAGS or word.startswith("--depth=")]
    if known != words:
        sys.exit(f"git submodule update: cannot do {' '.join(words)}")
    # What a repository names is not asked for by the user.
    os.environ["GIT_PROTOCOL_FROM_USER"] = "0"
    os.execvp("git", ["git", "submodule--helper", "update", *known, "--"])  # noqa: S606


if __name__ == "__main__":
    main()
