"""The ARM actions that several facts or verbs declare. The bot's custom role is derived from these declarations."""

READ_CLUSTER = "Microsoft.ContainerService/managedClusters/read"
LIST_FLEET = "Microsoft.ResourceGraph/resources/read"
ASK_API_SERVER = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
FOLLOW_OPERATION = "Microsoft.ContainerService/locations/operations/read"
READ_FLEETS = frozenset(
    {
        LIST_FLEET,
        "Microsoft.ContainerService/fleets/autoUpgradeProfiles/read",
        "Microsoft.ContainerService/fleets/members/read",
        "Microsoft.ContainerService/fleets/read",
        "Microsoft.ContainerService/fleets/updateRuns/read",
    }
)
LIST_MACHINES = "Microsoft.ContainerService/managedClusters/agentPools/machines/read"
RESTART_INSTANCE = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/restart/action"
RESTART_MACHINE = "Microsoft.Compute/virtualMachines/restart/action"
