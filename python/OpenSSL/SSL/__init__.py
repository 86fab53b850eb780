"""TLS and DTLS."""
