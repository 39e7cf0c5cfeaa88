// Sends a cluster's node pool events to Daytwo, so that it reacts without delay. Deploy this once per cluster into a resource
// group of the cluster's subscription: a system topic must be in the subscription of its source. Deploy the app's code first:
// Event Grid validates the function before it sends events to it. health.bicep sends the evictions of spot nodes.
targetScope = 'resourceGroup'

@description('The resource ID of the function app. It can be in another subscription.')
param appId string

@description('The resource ID of the storage account that stores undelivered events (dead letters), and its container.')
param storageId string
param deadLetterContainer string = 'dead-letter'

@description('The user-assigned identity that writes dead letters.')
param identityId string

@description('The resource ID of the cluster.')
param clusterId string

@description('The region of the cluster.')
param location string

// The name is unique per cluster: clusters with the same name in different resource groups have separate topics. At most 50 characters.
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
