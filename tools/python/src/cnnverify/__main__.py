"""`python -m cnnverify`."""

import sys

from .cli import main

sys.exit(main())
