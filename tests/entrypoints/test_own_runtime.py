"""In its own image the product is steered by no file of another image."""

from entrypoints.own_runtime import prepare, ssh_program


def test_openssl_and_git_are_those_of_the_image() -> None:
    environment = {"OPENSSL_CONF": "/etc/ssl/openssl.cnf", "LD_PRELOAD": "/lib/x.so"}
    prepare(environment)
    assert environment == {
        "OPENSSL_CONF": "/kaniko/ssl/openssl.cnf",
        "OPENSSL_MODULES": "/kaniko/ssl/modules",
        "OPENSSL_ENGINES": "/kaniko/ssl/engines",
        "GIT_PYTHON_GIT_EXECUTABLE": "/kaniko/bin/git",
        "SSL_CERT_DIR": "/kaniko/ssl/certs",
        "TZ": "UTC0",
    }


def test_what_the_user_trusts_and_the_time_zone_stay() -> None:
    environment = {"SSL_CERT_DIR": "/own", "TZ": "CET-1", "HOME": "/root"}
    prepare(environment)
    assert environment["SSL_CERT_DIR"] == "/own"
    assert environment["TZ"] == "CET-1"
    assert environment["HOME"] == "/root"


def test_an_empty_ssl_cert_dir_is_none() -> None:
    environment = {"SSL_CERT_DIR": ""}
    prepare(environment)
    assert environment["SSL_CERT_DIR"] == "/kaniko/ssl/certs"


def test_the_ssh_client_is_ours_only_in_the_image() -> None:
    assert ssh_program("/kaniko") == "/kaniko/bin/ssh"
    assert ssh_program("/usr") == ""
