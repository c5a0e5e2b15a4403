"""A simulated city (模拟城市): a seeded model that drives the real kernel and the real ledger, and says what it planted."""
