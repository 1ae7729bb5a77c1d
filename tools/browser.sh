#!/usr/bin/env bash
# Debian's Chromium, for the tests that look at pages. Without it they are skipped, and say so.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    command -v "$name" > /dev/null && exit 0
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "no Chromium and no root's apt-get: the tests of pages will be skipped" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get -qq update && apt-get -qq install --no-install-recommends -y chromium \
    fonts-dejavu-core > /dev/null; } ||
    echo "Chromium can't be installed: the tests of pages will be skipped" >&2
