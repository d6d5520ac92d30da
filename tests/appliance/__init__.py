"""The rehearsal appliance: a test double of rsautil and the state behind it."""
