"""How people are identified: the kinds of ids under `people`, and the tenant or workspace that issues each kind."""

from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from ops.settings.fields import Guid


@dataclass(frozen=True, slots=True)
class IdentityKind:
    """A kind of id. An id is valid only together with the tenant that issued it.

    `name` is its key in an entry of `people`, `tenant` the key of the issuer in `identity`, `tenant_noun` the name of that
    key's value in messages. `id_type` and `tenant_type` are the types of the keys with their descriptions. `example` is an id.
    """

    name: str
    tenant: str
    tenant_noun: str
    id_type: Any
    tenant_type: Any
    example: str
    case_sensitive: bool = True

    def normalized(self, value: str) -> str:
        """Returns an id or a tenant in the form that is used for comparisons."""
        return value if self.case_sensitive else value.casefold()


ENTRA = IdentityKind(
    name="entra",
    tenant="entra-tenant",
    tenant_noun="tenant",
    id_type=Annotated[
        Guid | None,
        Meta(
            description="The object id in the tenant. An e-mail address is not accepted, because it can be given to another person.",
            examples=["aaaaaaaa-0000-0000-0000-000000000001"],
        ),
    ],
    tenant_type=Annotated[
        Guid | None,
        Meta(
            description="The id of the Entra tenant. Without it, the ids under `entra` do not identify anyone.",
            examples=["11111111-1111-1111-1111-111111111111"],
        ),
    ],
    example="aaaaaaaa-0000-0000-0000-000000000001",
    case_sensitive=False,
)
