"""``python -m simulator.controlplane``: builds the control plane if it is missing, and prints its folder."""

import sys

from simulator.controlplane.binaries import MissingError, find_binaries

if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_binaries()}\n")
    except MissingError as error:
        sys.exit(str(error))
