"""What the application asks of the world: small protocols, no implementation."""
