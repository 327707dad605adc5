# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For examples/demo and tests/run: installs what is missing, through apt-get.
# Reads the environment only for PATH.

# have WHAT: is a command, a file with its path, or with "lib:" a library known to
# pkg-config, there?
have() {
	case $1 in
	/*) [ -e "$1" ] ;;
	lib:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#lib:}" ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# install_missing PACKAGE=WHAT...: installs each package whose WHAT is not there yet.
install_missing() {
	local pair missing=()
	for pair in "$@"; do
		have "${pair#*=}" || missing+=("${pair%%=*}")
	done
	if [ ${#missing[@]} -eq 0 ]; then
		echo "== packages: everything needed is installed"
		return 0
	fi
	echo "== packages: apt-get install ${missing[*]}"
	if ! command -v apt-get >/dev/null; then
		echo "there is no apt-get here; install these, or what they are called on this system" >&2
		return 1
	fi
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		echo "that needs root, and there is no sudo here" >&2
		return 1
	fi
	as_root apt-get update -q >/dev/null &&
		as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null
}
