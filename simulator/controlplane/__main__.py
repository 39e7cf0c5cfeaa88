"""``python -m simulator.controlplane``: makes sure that there is a control plane, and prints where it is."""

import sys

from simulator.controlplane.binaries import MissingError, find_binaries

if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_binaries()}\n")
    except MissingError as error:
        sys.exit(str(error))
