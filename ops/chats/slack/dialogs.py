"""What Slack asks whoever presses Reject: what it is that ends, and why. As a modal view, within Slack's limits."""

from collections.abc import Mapping

from ops.chats.slack.renderer import escape, plain, section
from ops.model.approval import LONGEST_REASON, Approval
from ops.model.json import Json
from ops.render.phrases import plural

#: What the form is called when it is sent.
REJECTING = "reject"
#: The block and the field in it that hold the reason.
WHY = "why"
# https://docs.slack.dev/reference/views/modal-views: 24 characters a title and a button, 3,000 of private metadata.
_TITLE = 24
_NAMED = 12
_NAME = 63
_HEAD = 300
_TOLD = 2_700


def rejection_form(approval: Approval, title: str, form: str) -> Mapping[str, Json]:
    """The form for one press. It carries the request's word; `form` is its name, by which the press is found again."""
    parts = approval.standing
    head = " · ".join((title, approval.ring or "in no ring", plural(len(parts), "cluster")))
    names = [escape(part.target_name, _NAME) for part in parts[:_NAMED]]
    more = f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
    ends = "its run ends" if len(parts) == 1 else "their runs end"
    return {
        "type": "modal",
        "callback_id": REJECTING,
        "external_id": form,
        "private_metadata": approval.token,
        "title": plain("Reject this?", _TITLE),
        "submit": plain("Reject", _TITLE),
        "close": plain("Back", _TITLE),
        "blocks": [
            section(f"*{escape(head, _HEAD)}*\n{', '.join(names)}{more}"),
            section(f"One rejection decides, even if others have approved: nothing of it is done, and {ends}."),
            {
                "type": "input",
                "block_id": WHY,
                "optional": True,
                "label": plain("Why"),
                "hint": plain("Everybody sees it: it stands in the message and in the ledger."),
                "element": {
                    "type": "plain_text_input",
                    "action_id": WHY,
                    "multiline": True,
                    "max_length": LONGEST_REASON,
                },
            },
        ],
    }


def told_in_form(text: str) -> Mapping[str, Json]:
    """The answer to a form that shows its person, in its place, what came of it."""
    view: Json = {
        "type": "modal",
        "title": plain("Reject this?", _TITLE),
        "close": plain("Close", _TITLE),
        "blocks": [section(escape(text, _TOLD))],
    }
    return {"response_action": "update", "view": view}


def not_taken(why: str) -> Mapping[str, Json]:
    """The answer to a form that stays open, with this beside the field."""
    return {"response_action": "errors", "errors": {WHY: why}}
