"""Fault campaign: every fault the product promises to survive, struck and counted.

python -m benchmarks.faults            # short: what CI runs
python -m benchmarks.faults --long     # its last result stands in docs/faults.md
"""
