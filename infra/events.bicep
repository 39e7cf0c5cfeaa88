// The events that wake Daytwo. Deployed after the app's code, since Event Grid greets the function before it sends to it.
// For each subscription of the fleet: its health annotations (spot evictions). For each cluster: its node pools rolling.
targetScope = 'resourceGroup'

@description('The id of the function app.')
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

resource clusterTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'daytwo-${last(split(clusterId, '/'))}'
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

resource healthTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'daytwo-health'
  location: 'global'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    source: subscription().id
    topicType: 'Microsoft.ResourceNotifications.HealthResources'
  }
}

resource evictions 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: healthTopic
  name: 'daytwo'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${appId}/functions/events'
        maxEventsPerBatch: 1
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated'
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
