"""Every fault that the product promises to survive, struck on purpose and counted.

python -m benchmarks.faults            # short: what CI runs
python -m benchmarks.faults --long     # its last result stands in docs/faults.md
"""
