"""Pipelines: from a source of prompts to a preference dataset."""
