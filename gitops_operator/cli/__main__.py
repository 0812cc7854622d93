"""`python -m gitops_operator.cli`, where kubectl-gitops is not on the PATH."""

import sys

from gitops_operator.cli import main

if __name__ == "__main__":
    sys.exit(main())
