"""HTTP sessions, TLS, proxies, retries and redaction for the other adapters."""
