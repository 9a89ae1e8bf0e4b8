#!/bin/sh
# Make sure that a chromium is there for the browser tests; say clearly when there is none.
# Usage: install_chromium.sh PYTHON
python="$1"

found() {
    [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null 2>&1 || "$python" - <<'PY'
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as pw:
    sys.exit(not pathlib.Path(pw.chromium.executable_path).exists())
PY
}

found && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } && found && exit 0
fi
"$python" -m playwright install chromium >/dev/null 2>&1 && found && exit 0
if [ "${CI:-}" = true ]; then
    echo "chromium could not be installed, and CI=true forbids leaving the browser tests out" >&2
    exit 1
fi
echo "NOTE: chromium could not be installed: the browser tests are left out."
