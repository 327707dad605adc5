#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Exports small networks from PyTorch and runs them, whole and divided.

    test_networks.py PROGRAM KERNELS PLANS NETWORK...

PROGRAM is networks.c, KERNELS are onednn, reference or onednn,reference, and each network is
also run by so many random plans. Without networks: all of them.
"""

import os
import subprocess
import sys
import tempfile

import export  # ends the test where PyTorch is missing


def main():
    program, kernels, plans, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="hidp-onnx-") as folder:
        folders = []
        for name in names or export.networks.NETWORKS:
            folders.append(os.path.join(folder, name))
            export.export(name, True, folders[-1])
        commands = [[program, name, plans, *folders] for name in kernels.split(",")]
        return max(subprocess.run(command, check=False).returncode for command in commands)


if __name__ == "__main__":
    sys.exit(main())
