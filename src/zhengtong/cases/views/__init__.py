"""The pages of the desk, by what a person is doing there."""
