"""One run on many machines: Ray carries it, one coordinator keeps its record."""
