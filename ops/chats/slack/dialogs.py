"""The dialog that asks for the reason for a rejection, as a Slack modal within Slack's limits."""

from collections.abc import Mapping

from ops.chats.slack.renderer import escape, plain, section
from ops.model.approval import LONGEST_REASON, Approval
from ops.model.json import Json
from ops.render.phrases import plural

#: The callback id with which the dialog is submitted.
REJECTING = "reject"
#: The block, and the field in it, that contain the reason.
WHY = "why"
# https://docs.slack.dev/reference/views/modal-views: 24 characters per title and button, 3,000 of private metadata.
_TITLE = 24
_NAMED = 12
_NAME = 63
_HEAD = 300
_RESULT = 2_700


def rejection_form(approval: Approval, title: str, form: str) -> Mapping[str, Json]:
    """Returns the dialog for one use of the Reject button. It carries the approval token; `form` is a name that identifies this use."""
    parts = approval.active_parts
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
            section(f"One rejection decides, even if others have approved. Nothing is executed, and {ends}."),
            {
                "type": "input",
                "block_id": WHY,
                "optional": True,
                "label": plain("Why"),
                "hint": plain("Everyone sees it, in the message and in the ledger."),
                "element": {
                    "type": "plain_text_input",
                    "action_id": WHY,
                    "multiline": True,
                    "max_length": LONGEST_REASON,
                },
            },
        ],
    }


def dialog_result(text: str) -> Mapping[str, Json]:
    """Returns the response that replaces the dialog with the result."""
    view: Json = {
        "type": "modal",
        "title": plain("Reject this?", _TITLE),
        "close": plain("Close", _TITLE),
        "blocks": [section(escape(text, _RESULT))],
    }
    return {"response_action": "update", "view": view}


def dialog_error(why: str) -> Mapping[str, Json]:
    """Returns the response that keeps the dialog open and shows the error next to the field."""
    return {"response_action": "errors", "errors": {WHY: why}}
