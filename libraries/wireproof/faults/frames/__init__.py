"""Frame faults: whole WebSocket messages out of a stream of bytes, which of them are meant, and what befalls them."""
