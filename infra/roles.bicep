// The permissions of Daytwo in a subscription of the fleet: one custom role per capability. Grant only those that you need.
// The actions are exactly those that the verbs and facts declare; a test compares them.
targetScope = 'subscription'

@description('The principal ID of the bot: the output identityPrincipalId of main.bicep.')
param principalId string

@description('Which roles to grant. Reading is always granted.')
param nodeImages bool = true

@description('Start and stop clusters: for power schedules, and for node images of stopped clusters. Without it, set start-stopped-clusters: false under node-image.')
param power bool = true

@description('Define the role for reboots. It is assigned per node resource group: `daytwo role-assignments` prints the commands.')
param reboots bool = true

@description('Assign the role for reboots in the whole subscription instead. Then the bot can restart every virtual machine in it, also those outside of AKS.')
param rebootsInSubscription bool = false
param costs bool = true

var readActions = [
  // What the bot's own roles grant, so that a missing role for reboots is known before a node is drained.
  'Microsoft.Authorization/permissions/read'
  'Microsoft.Compute/locations/operations/read'
  'Microsoft.ContainerService/fleets/autoUpgradeProfiles/read'
  'Microsoft.ContainerService/fleets/members/read'
  'Microsoft.ContainerService/fleets/read'
  'Microsoft.ContainerService/fleets/updateRuns/read'
  'Microsoft.ContainerService/locations/operations/read'
  'Microsoft.ContainerService/managedClusters/agentPools/machines/read'
  'Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read'
  'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action'
  'Microsoft.ContainerService/managedClusters/read'
  'Microsoft.ResourceGraph/resources/read'
]
var nodeImageActions = [
  'Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action'
]
var powerActions = [
  'Microsoft.ContainerService/managedClusters/start/action'
  'Microsoft.ContainerService/managedClusters/stop/action'
]
var rebootActions = [
  // What would refuse a restart, so that it is known before a node is drained.
  'Microsoft.Authorization/denyAssignments/read'
  'Microsoft.Authorization/locks/read'
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/restart/action'
  'Microsoft.Compute/virtualMachines/restart/action'
]
var costActions = [
  'Microsoft.CostManagement/query/action'
]

resource reader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'daytwo-reader')
  properties: {
    roleName: 'Daytwo reader (${subscription().subscriptionId})'
    description: 'Reads clusters and their running operations.'
    assignableScopes: [subscription().id]
    permissions: [{ actions: readActions }]
  }
}

resource nodeImageOperator 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'daytwo-node-images')
  properties: {
    roleName: 'Daytwo node images (${subscription().subscriptionId})'
    description: 'Upgrades node images.'
    assignableScopes: [subscription().id]
    permissions: [{ actions: nodeImageActions }]
  }
}

resource powerOperator 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'daytwo-power')
  properties: {
    roleName: 'Daytwo power (${subscription().subscriptionId})'
    description: 'Starts and stops clusters.'
    assignableScopes: [subscription().id]
    permissions: [{ actions: powerActions }]
  }
}

resource rebootOperator 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (reboots) {
  name: guid(subscription().id, 'daytwo-reboots')
  properties: {
    roleName: 'Daytwo reboots (${subscription().subscriptionId})'
    description: 'Restarts the machines of node pools.'
    assignableScopes: [subscription().id]
    permissions: [{ actions: rebootActions }]
  }
}

resource costReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'daytwo-costs')
  properties: {
    roleName: 'Daytwo costs (${subscription().subscriptionId})'
    description: 'Queries costs.'
    assignableScopes: [subscription().id]
    permissions: [{ actions: costActions }]
  }
}

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, reader.id)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: reader.id
  }
}

resource mayUpgrade 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (nodeImages) {
  name: guid(subscription().id, principalId, nodeImageOperator.id)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: nodeImageOperator.id
  }
}

resource maySwitch 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (power) {
  name: guid(subscription().id, principalId, powerOperator.id)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: powerOperator.id
  }
}

resource mayRestart 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (reboots && rebootsInSubscription) {
  name: guid(subscription().id, principalId, rebootOperator.id)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: rebootOperator.id
  }
}

resource mayAskCosts 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (costs) {
  name: guid(subscription().id, principalId, costReader.id)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: costReader.id
  }
}
