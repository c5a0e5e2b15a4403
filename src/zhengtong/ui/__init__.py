"""The look of every page: frames, components, forms and their words. Knows no domain word and imports no other room."""
