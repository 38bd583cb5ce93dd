"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says more of the machine than of the code; speed is shown by `make bench`.
settings.register_profile("wireproof", deadline=None)
settings.load_profile("wireproof")
