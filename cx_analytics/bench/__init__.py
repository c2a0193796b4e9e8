"""Published figures, re-measured: findings against the planted truth."""
