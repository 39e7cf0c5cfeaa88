"""Azure Resource Manager, Resource Graph and the identity endpoint, as the Azure clients see them."""
