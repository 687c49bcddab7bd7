"""What of Python gets into the image: modules as bytecode, one bundle, few services."""

import subprocess
import sys
from pathlib import Path

import pytest

from image.bytecode import compile_below
from image.layout import PACKAGES, below
from image.python_files import add_packages


def _write(root: Path, *paths: str) -> None:
    for path in paths:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("")


def _files(root: Path) -> set[str]:
    return {str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir()}


def test_packages_lose_what_nothing_reads(tmp_path: Path) -> None:
    installed, out = tmp_path / "installed", tmp_path / "out"
    _write(
        installed,
        "botocore/cacert.pem",
        "botocore/data/endpoints.json",
        "botocore/data/s3/service.json.gz",
        "botocore/data/ec2/service.json.gz",
        "boto3/data/sqs/resources.json",
        "certifi/cacert.pem",
        "bin/tool",
        "charset_normalizer/api.py",
        "charset_normalizer-3.dist-info/METADATA",
        "package/__init__.py",
        "package/types.pyi",
        "package/tests/test_it.py",
        "package/testing.py",
        "package-1.dist-info/METADATA",
        "package-1.dist-info/entry_points.txt",
        "package-1.dist-info/licenses/LICENSE",
        "package-1.dist-info/RECORD",
        "zstandard/_cffi.machine.so",
        "zstandard/backend_c.machine.so",
    )
    (installed / "boto3/data").mkdir(parents=True, exist_ok=True)
    add_packages(out, installed)
    target = below(out, PACKAGES)
    assert _files(target) == {
        "botocore/cacert.pem",
        "botocore/data/endpoints.json",
        "botocore/data/s3/service.json.gz",
        "certifi/cacert.pem",
        "package/__init__.pyc",
        "package/testing.pyc",
        "package-1.dist-info/METADATA",
        "package-1.dist-info/entry_points.txt",
        "package-1.dist-info/licenses/LICENSE",
        "zstandard/backend_c.machine.so",
    }
    for package in ("certifi", "botocore"):
        bundle = (target / package / "cacert.pem").readlink()
        assert str(bundle) == "/kaniko/ssl/certs/ca-certificates.crt"


def test_bytecode_runs_without_its_source_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("\nraise ValueError('told')\n")
    compile_below(tmp_path, "/place")
    assert _files(tmp_path) == {"module.pyc"}
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import module"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert 'File "/place/module.py", line 2' in done.stderr
    assert "ValueError: told" in done.stderr


def test_a_file_that_does_not_compile_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("this is no python\n")
    with pytest.raises(SystemExit, match=r"/place/module\.py"):
        compile_below(tmp_path, "/place")
