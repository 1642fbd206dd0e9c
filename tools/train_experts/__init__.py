"""Trains a pack's experts and their router on a frozen causal language model of Hugging Face."""
