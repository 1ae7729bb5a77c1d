"""Alignment of a judge with people: learnt on some of their labels, tested on others."""
