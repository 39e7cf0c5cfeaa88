"""Boots the local host from an unzipped app, in an interpreter without any other packages, and executes one run.

`python -I -S hosted.py APP APP_PACKAGES HOST_PACKAGES CHECKOUT TARGET END` prints one JSON object.
"""

import asyncio
import importlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

APP, APP_PACKAGES, HOST_PACKAGES, CHECKOUT = map(Path, sys.argv[1:5])
TARGET, END = sys.argv[5], datetime.fromisoformat(sys.argv[6])
KEY = "key-of-the-package"


async def carry_out() -> dict[str, Any]:
    """The run, as returned over HTTP."""
    import aiohttp  # noqa: PLC0415 - by now `main` has set the path and installed the wall

    from simulator.host.clock import RemoteClock  # noqa: PLC0415 - as above
    from simulator.host.host import Host  # noqa: PLC0415 - as above

    host = Host(APP, RemoteClock(os.environ["CLOCK_URL"]), function_key=KEY)
    url = await host.start()
    async with aiohttp.ClientSession(url) as http:
        async with http.post("/api/runbooks/node-image", json={"target": TARGET}) as answer:
            without_key = answer.status
        http.headers["x-functions-key"] = KEY
        async with http.post("/api/runbooks/node-image", json={"target": TARGET}) as answer:
            started, location = answer.status, answer.headers["Location"]
        await host.run_until(END)
        async with http.get(location) as answer:
            run = await answer.json()
    await host.stop()
    return {"without_key": without_key, "started": started, "state": run["state"], "ops": sys.modules["ops"].__file__}


def probe(module: str) -> str:
    """The result when the app imports a module. The import is made by a probe, which is one of the app's files."""
    name = f"probe_{module.replace('.', '_')}"
    (APP / f"{name}.py").write_text(f"import {module}\n")
    importlib.invalidate_caches()
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        return str(error)
    return "came through"


def main() -> None:
    """Install the wall, execute the run, then try to import modules from behind the wall."""
    sys.path[:0] = [str(APP), str(APP_PACKAGES), str(HOST_PACKAGES), str(CHECKOUT)]
    wall = importlib.import_module("tests.package.import_wall").Wall([APP, APP_PACKAGES], [HOST_PACKAGES, CHECKOUT])
    wall.put_up()
    result = asyncio.run(carry_out())
    # The host has loaded croniter but not trustme; the simulator is in the checkout.
    result["probes"] = {name: probe(name) for name in ("croniter", "trustme", "simulator.fleets", "httpx", "json")}
    result["imports"] = wall.imports
    sys.stdout.write(json.dumps(result) + "\n")


main()
