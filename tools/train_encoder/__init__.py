"""Trains a pack with labels on an encoder: experts and head, as `moe-pack pack build` does (SPEC.md, 7.7)."""
