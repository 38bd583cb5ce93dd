"""One worker of a load: a process that opens connections, sends what is due, and notes what comes."""
