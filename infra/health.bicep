// What Azure tells of the health of a subscription's machines: evictions of spot nodes among it. One deployment for each
// subscription of the fleet, into a resource group of that very subscription, since a system topic lies where its source
// lies. After the app's code, since Event Grid greets the function before it sends to it.
targetScope = 'resourceGroup'

@description('The id of the function app; it may lie in another subscription.')
param appId string

@description('The id of the storage account that keeps what could not be delivered, and its container.')
param storageId string
param deadLetterContainer string = 'dead-letter'

@description('The user-assigned identity that writes dead letters.')
param identityId string

@description('The subscription of the fleet. It has to be the one that is deployed into; written out so that nobody takes the bot\'s for it.')
param fleetSubscriptionId string

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
    source: '/subscriptions/${fleetSubscriptionId}'
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
