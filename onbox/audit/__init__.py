"""The audit trail: what was attempted, by whom, why, and with what result."""
