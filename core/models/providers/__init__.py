"""Clients, one a provider."""
