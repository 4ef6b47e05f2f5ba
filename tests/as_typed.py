"""The command line as a terminal runs it, where Ctrl-C ends it.

A shell starts what runs in its background with that signal ignored, Python keeps it so, and these tests may run there.
"""

import sys

AS_TYPED = (
    sys.executable,
    "-c",
    (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from voiceguide.__main__ import main; main()"
    ),
)
