"""Azure Resource Manager, Resource Graph and the identity endpoint, as Azure SDK clients use them."""
