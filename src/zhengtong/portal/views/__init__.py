"""The pages of the portal, by errand."""
