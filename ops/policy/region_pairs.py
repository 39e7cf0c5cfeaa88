"""The paired Azure regions.

Source: Microsoft Learn, "Azure region pairs and nonpaired regions". Regions that are not listed are not paired.
"""

_PAIRS = (
    ("australiacentral", "australiacentral2"),
    ("australiaeast", "australiasoutheast"),
    ("brazilsouth", "southcentralus"),
    ("brazilsoutheast", "brazilsouth"),
    ("canadacentral", "canadaeast"),
    ("centralindia", "southindia"),
    ("centralus", "eastus2"),
    ("chinaeast", "chinanorth"),
    ("chinaeast2", "chinanorth2"),
    ("chinaeast3", "chinanorth3"),
    ("eastasia", "southeastasia"),
    ("eastus", "westus"),
    ("francecentral", "francesouth"),
    ("germanywestcentral", "germanynorth"),
    ("japaneast", "japanwest"),
    ("jioindiacentral", "jioindiawest"),
    ("koreacentral", "koreasouth"),
    ("northcentralus", "southcentralus"),
    ("northeurope", "westeurope"),
    ("norwayeast", "norwaywest"),
    ("southafricanorth", "southafricawest"),
    ("swedencentral", "swedensouth"),
    ("switzerlandnorth", "switzerlandwest"),
    ("uaenorth", "uaecentral"),
    ("uksouth", "ukwest"),
    ("usgovarizona", "usgovtexas"),
    ("westus2", "westcentralus"),
    ("westus3", "eastus"),
)


def pair_group(region: str) -> str:
    """Returns the name of a region's pair group, which is the same for all its members; a region without a pair is its own group.

    Chained pairs share one group (westus3 is paired with eastus, which is paired with westus). This is safe, and delays an
    upgrade by one night at most.
    """
    members = {region.casefold()}
    grew = True
    while grew:
        grew = False
        for pair in _PAIRS:
            if not members.isdisjoint(pair) and not members.issuperset(pair):
                members |= set(pair)
                grew = True
    return "+".join(sorted(members))
