// A cluster's events that wake Daytwo: its node pools rolling. One deployment for each cluster, into a resource group of the
// cluster's subscription, since a system topic lies where its source lies. After the app's code, since Event Grid greets
// the function before it sends to it. Evictions of spot nodes are in health.bicep.
targetScope = 'resourceGroup'

@description('The id of the function app; it may lie in another subscription.')
param appId string

@description('The id of the storage account that keeps what could not be delivered, and its container.')
param storageId string
param deadLetterContainer string = 'dead-letter'

@description('The user-assigned identity that writes dead letters.')
param identityId string

@description('The id of the cluster whose events are wanted; one deployment for each.')
param clusterId string

@description('Where the cluster is.')
param location string

// A name is that of one cluster: two of one name, in other resource groups, have topics of their own. At most 50 characters.
var topicName = 'daytwo-${take(replace(last(split(clusterId, '/')), '_', '-'), 28)}-${uniqueString(toLower(clusterId))}'

resource clusterTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    source: clusterId
    topicType: 'Microsoft.ContainerService.ManagedClusters'
  }
}

resource rolling 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: clusterTopic
  name: 'daytwo'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${appId}/functions/events'
        maxEventsPerBatch: 1
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.ContainerService.NodePoolRollingStarted'
        'Microsoft.ContainerService.NodePoolRollingSucceeded'
        'Microsoft.ContainerService.NodePoolRollingFailed'
      ]
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'UserAssigned'
        userAssignedIdentity: identityId
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: storageId
          blobContainerName: deadLetterContainer
        }
      }
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
  }
}
