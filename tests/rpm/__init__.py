"""What the RPM promises; scripts/test-rpm runs these."""
