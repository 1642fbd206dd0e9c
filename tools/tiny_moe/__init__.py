"""A small sparse language model, trained on text of Debian packages, and packs for text that it never saw."""
