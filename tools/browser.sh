#!/usr/bin/env bash
# A Chromium for the tests that look at pages. Without it they are skipped, and say so.
set -euo pipefail
found() {
    for name in chromium chromium-browser google-chrome; do
        # Ubuntu's packages of these names are stand-ins for a snap: a file that can't run.
        command -v "$name" > /dev/null && "$name" --version > /dev/null 2>&1 && return 0
    done
    return 1
}
found && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "no Chromium and no root's apt-get: the tests of pages will be skipped" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update > /dev/null &&
    apt-get -qq install --no-install-recommends -y chromium fonts-dejavu-core > /dev/null ||
    true # said below, whichever step failed
found || echo "Chromium can't be installed: the tests of pages will be skipped" >&2
