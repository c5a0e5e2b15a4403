"""Supervision (电子监察) as functions: rules are data, findings are derived, nothing here knows a table or a page."""
