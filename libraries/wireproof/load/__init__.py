"""Load: many clients at once, paced by a schedule, each message of which is accounted for."""
