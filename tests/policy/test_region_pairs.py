"""The groups of paired regions, as Microsoft Learn lists the pairs: nothing disrupts two regions of a group at once."""

import pytest

from ops.policy.region_pairs import pair_group

GROUPS = (
    "australiacentral australiacentral2",
    "australiaeast australiasoutheast",
    "brazilsouth brazilsoutheast northcentralus southcentralus",
    "canadacentral canadaeast",
    "centralindia southindia",
    "centralus eastus2",
    "chinaeast chinanorth",
    "chinaeast2 chinanorth2",
    "chinaeast3 chinanorth3",
    "eastasia southeastasia",
    "eastus westus westus3",
    "francecentral francesouth",
    "germanynorth germanywestcentral",
    "japaneast japanwest",
    "jioindiacentral jioindiawest",
    "koreacentral koreasouth",
    "northeurope westeurope",
    "norwayeast norwaywest",
    "southafricanorth southafricawest",
    "swedencentral swedensouth",
    "switzerlandnorth switzerlandwest",
    "uaecentral uaenorth",
    "uksouth ukwest",
    "usgovarizona usgovtexas",
    "westcentralus westus2",
)


@pytest.mark.parametrize("group", GROUPS)
def test_every_region_of_a_group_has_the_name_of_the_group(group: str) -> None:
    regions = group.split()
    assert {pair_group(region) for region in regions} == {"+".join(regions)}


def test_a_region_without_a_pair_is_a_group_of_its_own_whatever_its_case() -> None:
    assert pair_group("PolandCentral") == "polandcentral"
