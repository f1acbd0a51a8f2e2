"""This checkout is tidy; tidy.py says what is looked for."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tidy

sys.exit(tidy.main())
