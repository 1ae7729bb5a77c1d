"""Statistics of agreement, bias, calibration and win rates: pure functions of arrays."""
