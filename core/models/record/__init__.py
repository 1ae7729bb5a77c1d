"""The recorded client and its parts: broker, budget meter, prices, secrets."""
