"""A simulated city (模拟城市): a seeded model drives the real kernel and ledger, and says what it planted."""
