#!/bin/sh
# Make sure that a Firefox and a WebKit are there for the browser tests; say clearly which is missing.

wanted=""
want() {
    command -v "$1" >/dev/null 2>&1 || wanted="$wanted $2"
}

look() {
    wanted=""
    [ -n "${FIREFOX:-}" ] || command -v firefox >/dev/null 2>&1 || want firefox-esr firefox-esr
    want WebKitWebDriver webkit2gtk-driver
    want Xvfb xvfb
    # what decodes H.264 for both
    ls /usr/lib/*/gstreamer-1.0/libgstlibav.so >/dev/null 2>&1 || wanted="$wanted gstreamer1.0-libav gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
    [ -z "$wanted" ]
}

look && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # a list of packages
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null; } && look && exit 0
fi
if [ "${CI:-}" = true ]; then
    echo "not installed, and CI=true forbids leaving the browser tests out:$wanted" >&2
    exit 1
fi
echo "NOTE: not installed:$wanted: the tests in Firefox and WebKit are left out."
