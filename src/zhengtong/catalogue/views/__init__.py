"""Pages of the catalogue for staff: reading (list, item, version) and changing (editor, review, dynamic management)."""
