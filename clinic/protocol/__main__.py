"""``python -m clinic.protocol plan < in.json``: the protocol command without Django."""

import sys

from clinic.protocol.door import main

sys.exit(main(sys.argv[1:], sys.stdin.buffer, sys.stdout))
