"""The table of sizes adds up the layers of an image that docker saved."""

import io

from image.sizes import sizes
from tests.support.images import make_tar


def test_layers_are_added_up_by_what_a_file_belongs_to() -> None:
    first = {
        "kaniko/packages/one/a.pyc": b"123",
        "kaniko/packages/one/b/c.pyc": b"4",
        "kaniko/lib/libc.so": b"12",
        "kaniko/lib/python3.9/os.pyc": b"12345",
        "kaniko/lib/python3.9/lib-dynload/x.so": b"1",
    }
    second = {"kaniko/bin/git": b"1234", "kaniko/lib/libz.so": b"1"}
    saved = {
        "x/layer.tar": make_tar(first),
        "y/layer.tar": make_tar(second),
        "a.json": b"{}",
    }
    assert dict(sizes(io.BytesIO(make_tar(saved)))) == {
        "kaniko/packages/one": 4,
        "kaniko/lib": 3,
        "kaniko/lib/python3.9": 5,
        "kaniko/lib/python3.9/lib-dynload": 1,
        "kaniko/bin/git": 4,
    }
