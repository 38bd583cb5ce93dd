"""What was measured, and how much it proves: values with their bounds, in units, for every room."""
