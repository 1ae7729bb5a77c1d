"""One run on many machines: Ray carries it, one desk keeps its record."""
