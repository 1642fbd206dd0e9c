"""Checks of the flat mode, of exports and of imports with transformers."""
