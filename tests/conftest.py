"""What holds for all tests."""

import signal

from hypothesis import settings

# How long an example takes says more of the machine than of the code; speed is shown by `make bench`.
settings.register_profile("wireproof", deadline=None)
settings.load_profile("wireproof")

# A shell lets what it starts in the background ignore Ctrl-C, and so would all that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
