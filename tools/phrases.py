"""`python -m tools.phrases`: finds words and phrases that the project avoids, and suggests replacements.

Names are split into words, which are compared with NAMES. Comments, docstrings, strings and documents are searched for
PHRASES. Both list expressions that readers stumbled over. A word that is right in most sentences does not belong there.
"""

import io
import keyword
import re
import sys
import token
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_DOCUMENTS = (".md", ".bicep", ".yaml", ".j2", ".html", ".toml", ".js", ".mjs", ".css")
_NAMED = ("Makefile", "run", "schema.json")
# These files must quote the expressions that they forbid.
_EXEMPT = ("tools/phrases.py", "tests/tools/test_phrases.py")

# A regular expression (matches whole words in any case; a space also matches a line break), and the replacement for a match.
PHRASES: Sequence[tuple[str, str]] = (
    (r"somebody|anybody", "someone, anyone, or the role: an approver, an operator"),
    (r"nobody", "no one, or the role: without an approver"),
    (r"whoever", "anyone who"),
    (r"(?<!there )(?:is|are|was|were) no (?!longer|one\b|more\b|less\b)\w+(?!-)", "is not a, are not"),
    (r"no more(?! than)", "no longer"),
    (r"mend(?:s|ed|ing)?", "fix"),
    (r"(?:stands?|stood) still", "is blocked, does not progress"),
    (r"as it stands", "as it is, the current state"),
    (r"how (?:it|they) stands?", "the status of"),
    (r"stands(?! for\b)|stood|lies", "is, is in, is at"),
    (r"goes on", "continues"),
    (r"for ever", "indefinitely, without an end date"),
    (r"none of (?:ours|theirs|teams')|(?:is|are) ours|of ours", "not Daytwo's"),
    (r"in the words of", "as in"),
    (r"hears?", "is notified"),
    (r"(?:is|are|was|were|be|been|has|have) told|told (?:that|to|of|by|with|when)", "report, notify"),
    (r"tells? (?:of|that)", "report"),
    (r"br(?:ought|ings?) about", "cause, correct"),
    (r"in hand", "in progress, in use"),
    (r"anew", "again"),
    (r"apart from", "except"),
    (r"let(?:s|ting)? go", "release, evict"),
    (r"what (?:it is|they are|this is) about", "its subject"),
    (r"look(?:s|ed|ing)? at", "check, read"),
    (r"(?:to|can|could|cannot|not) be had", "available"),
    (r"say (?:because|when|where|after)", "for example"),
    (r"would have to (?:say|name|be)", "must, add"),
    (r"go on where", "continue from where"),
    (r"so many (?:seconds|minutes|hours|days|weeks|bytes|pixels|clusters|nodes|pools)", "the number of"),
    (
        r"(?:messages|requests|runs|calls|seconds|events) an? (?:second|minute|hour|day|week|run)",
        "per",
    ),
    (r"(?:an?|the|their|\w+'s) yes", "approval"),
    (r"doors?", "endpoint"),
    (r"mishaps?", "fault"),
    (r"press(?:es|ed|ing)?", "vote; select a button"),
    (r"errands?", "query"),
    (r"whence|thereof|whereof|wherein|therein|hither|thither", "plain English"),
)

# A word in the name of an identifier or file, and a better word.
NAMES: dict[str, str] = {
    "standing": "conditions, status, active",
    "mishap": "fault",
    "mishaps": "faults",
    "telling": "notifications",
    "told": "output, reported, notified",
    "asking": "requests, query",
    "consenting": "approval gate",
    "permitting": "preconditions",
    "deciding": "votes, decisions",
    "press": "vote",
    "pressed": "voted",
    "presses": "votes",
    "pacing": "rate_limit",
    "resting": "rate_limited",
    "errand": "query",
    "errands": "queries",
    "answering": "replies",
    "outlook": "preview",
    "looking": "read_only",
    "emptying": "drain_progress",
    "neighbourhood": "pair_group",
    "unread": "missing",
    "loud": "notify",
    "burst": "eviction_group",
    "bursts": "eviction_groups",
    "door": "endpoint",
    "doors": "endpoints",
    "chatlook": "chat_preview",
    "agenda": "scheduler",
    "nursery": "runner",
    "deadly": "kill",
    "victim": "killed_host",
    "lives": "processes",
    "mend": "fix",
    "mended": "fixed",
    "hears": "receives",
    "somebody": "someone, the role",
    "nobody": "no_one",
    "whoever": "anyone",
    "anew": "again",
}

# Names that are defined by a library.
FOREIGN = frozenset({"press_sequentially"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A phrase to be replaced. `line` counts from 1."""

    file: str
    line: int
    found: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.found} -> write {self.instead}"


def check(file: str, text: str) -> list[Finding]:
    """Returns the phrases to replace in a file, given its path in the project. Raises SyntaxError if Python code cannot be tokenized."""
    words = sorted(_words(Path(file).stem) & NAMES.keys())
    found = [Finding(file, 1, f"the file's name: {word}", NAMES[word]) for word in words]
    return found + list(_in_python(file, text) if file.endswith(".py") else _in_text(file, text, 1))


def _in_text(file: str, text: str, first: int) -> Iterator[Finding]:
    lowered = text.lower()
    for match in _any_phrase().finditer(lowered):
        instead = PHRASES[int(str(match.lastgroup).removeprefix("phrase"))][1]
        yield Finding(file, first + lowered.count("\n", 0, match.start()), " ".join(match[0].split()), instead)


def _in_python(file: str, text: str) -> Iterator[Finding]:
    seen = set[str]()
    for each in tokenize.generate_tokens(io.StringIO(text).readline):
        if each.type in (token.COMMENT, token.STRING, token.FSTRING_MIDDLE):
            yield from _in_text(file, each.string, each.start[0])
        elif each.type == token.NAME and each.string not in seen | FOREIGN and not keyword.iskeyword(each.string):
            # Report a name once per file, because renaming it changes all occurrences.
            seen.add(each.string)
            for word in sorted(_words(each.string) & NAMES.keys()):
                yield Finding(file, each.start[0], each.string, NAMES[word])


def _words(name: str) -> set[str]:
    """Returns the words in `snake_case` and `CamelCase` names, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@cache
def _any_phrase() -> re.Pattern[str]:
    """Returns one pattern for all PHRASES, for lower-case text. Searching 3 MB for each phrase separately takes ten times as long."""
    # A space matches any white space, except in a lookbehind, whose width must be fixed.
    patterns = (re.sub(r"(?<!there) ", r"\\s+", words) for words, _ in PHRASES)
    named = "|".join(f"(?P<phrase{number}>{pattern})" for number, pattern in enumerate(patterns))
    return re.compile(rf"(?<![\w-])(?:{named})(?![\w-])")


def files(root: Path) -> Iterator[Path]:
    """Returns the project's files that are checked: all except generated and hidden ones."""
    for top in sorted(root.iterdir()):
        if top.is_dir() and (top.name == "build" or (top.name.startswith(".") and top.name != ".ci")):
            continue
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if file.is_file() and (file.suffix in (".py", *_DOCUMENTS) or file.name in _NAMED):
                yield file


def main(arguments: Sequence[str]) -> int:
    """Prints each finding, or with `--count` the number of findings per top-level folder. Returns 1 if there are any."""
    found = list[Finding]()
    for file in files(ROOT):
        name = file.relative_to(ROOT).as_posix()
        if name not in _EXEMPT:
            found += check(name, file.read_text("utf-8"))
    if "--count" in arguments:
        for top, count in sorted(Counter(each.file.split("/")[0] for each in found).items()):
            print(f"{count:6} {top}")
    else:
        print(*found, sep="\n")
    print(f"{len(found)} phrases to replace (tools/phrases.py)", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
