"""What all tests share: no property asserts how long an example takes, which depends on what else the machine does."""

from hypothesis import settings

settings.register_profile("without a deadline", parent=settings(), deadline=None)
settings.load_profile("without a deadline")
