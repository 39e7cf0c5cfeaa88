"""The templates are checked with checkov, which needs a separate environment. Each exception is listed here with its reason."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.skip_unless import need

ROOT = Path(__file__).resolve().parents[2]
VERSION = "3.3.30"

EXCEPTIONS = {
    "CKV_AZURE_35": "the app reaches the storage without a virtual network; its data requires Entra identities, since keys are off",
    "CKV_AZURE_206": "ZRS replicates over zones, not regions; data lost with a region is rebuilt from Azure",
    "CKV_AZURE_43": "the name is an expression, which the checker does not evaluate",
    "CKV_AZURE_109": "the app reaches the vault without a virtual network; secrets require Entra identities",
    "CKV_AZURE_189": "the same",
    "CKV_AZURE_225": "a Flex Consumption plan has no such setting in every region",
    "CKV_AZURE_222": "chats and action groups call the app from outside",
    "CKV_AZURE_17": "chats and action groups have no client certificates",
    "CKV_AZURE_212": "Flex Consumption scales from zero; timers and queues wake it",
    "CKV_AZURE_213": "Flex Consumption has no health check path",
    "CKV_AZURE_193": "programs outside of a virtual network read run events",
    "CKV_AZURE_192": "disableLocalAuth is set; the checker knows it under another api-version",
    "CKV_AZURE_191": "the topic itself calls nothing, so it needs no identity",
}
# Resources that the checker misinterprets.
MISTAKEN = {"Microsoft.Web/sites/config.signIn": "these are the sign-in settings of a site, not a site"}


@pytest.fixture(scope="module")
def findings() -> list[dict[str, Any]]:
    uv = ROOT / ".uv" / "bin" / "uv"
    need(uv.exists() or shutil.which("uv"), "uv, which `make setup` puts into .uv")
    checker = _installed(str(uv) if uv.exists() else "uv")
    command = [
        str(checker),
        "-d",
        str(ROOT / "infra"),
        "--framework",
        "bicep",
        "--output",
        "json",
        "--quiet",
        "--compact",
    ]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)  # noqa: S603 - the checker installed above
    report: dict[str, Any] = json.loads(ended.stdout)
    assert report["summary"]["parsing_errors"] == 0, ended.stdout[:2_000]
    failed: list[dict[str, Any]] = report["results"]["failed_checks"]
    return failed


def test_every_finding_is_an_exception_with_a_reason(findings: list[dict[str, Any]]) -> None:
    unexplained = [
        f"{each['check_id']} {each['check_name']}: {each['resource']}"
        for each in findings
        if each["check_id"] not in EXCEPTIONS and each["resource"] not in MISTAKEN
    ]
    assert unexplained == []


def test_every_exception_is_still_needed(findings: list[dict[str, Any]]) -> None:
    assert set(EXCEPTIONS) - {each["check_id"] for each in findings} == set()


def _installed(uv: str) -> Path:
    cache = Path(os.environ.get("DAYTWO_CACHE") or Path.home() / ".cache" / "daytwo") / f"checkov-{VERSION}"
    checker = cache / "bin" / "checkov"
    if not (cache / ".complete").exists():
        python = ["--python", str(ROOT / ".venv" / "bin" / "python")]
        subprocess.run([uv, "venv", "--quiet", "--allow-existing", *python, str(cache)], check=True)  # noqa: S603 - uv
        packages = ["--python", str(cache / "bin" / "python"), f"checkov=={VERSION}"]
        subprocess.run([uv, "pip", "install", "--quiet", *packages], check=True)  # noqa: S603 - uv
        (cache / ".complete").touch()
    return checker
