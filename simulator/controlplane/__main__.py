"""``python -m simulator.controlplane``: makes sure that there is a control plane, and prints where it is."""

import sys

from simulator.controlplane.binaries import MissingError, find_binaries

if __name__ == "__main__":
    try:
        print(find_binaries())  # noqa: T201  # the command's output
    except MissingError as error:
        sys.exit(str(error))
