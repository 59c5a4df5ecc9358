"""检举控告: intake, sight, the name behind it, and what leaks nowhere."""
