#!/bin/sh
# Make sure that PostgreSQL's server is there for the tests of ledgers; say clearly when there is none.
# Nothing of it is left running: each test run starts one of its own, in a temporary folder.

found() {
    command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1
}

found && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # the tests need no cluster of the machine's own
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null; } && found && exit 0
fi
if [ "${CI:-}" = true ]; then
    echo "PostgreSQL could not be installed, and CI=true forbids leaving its tests out" >&2
    exit 1
fi
echo "NOTE: PostgreSQL could not be installed: the tests of ledgers on a server are left out."
