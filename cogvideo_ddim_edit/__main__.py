"The command line, for `python -m cogvideo_ddim_edit`"
import sys

from .cli import main

sys.exit(main())
