"""Random checkpoints in the layouts of Hugging Face, each with what transformers computes from it."""
