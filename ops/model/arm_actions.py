"""The ARM actions that more than one fact or verb declares: the bot's role is made from what they declare."""

READ_CLUSTER = "Microsoft.ContainerService/managedClusters/read"
LIST_FLEET = "Microsoft.ResourceGraph/resources/read"
ASK_API_SERVER = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
FOLLOW_OPERATION = "Microsoft.ContainerService/locations/operations/read"
