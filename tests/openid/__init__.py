"""Signing in through a real OpenID provider."""
